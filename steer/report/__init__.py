"""`steer report`: a whole campaign in one HTML file, from which a supporting-information section can be written."""
