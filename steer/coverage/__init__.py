"""What has been explored: measures, pictures and tables. Computing and drawing are apart."""
