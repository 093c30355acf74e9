"""A worker daemon with jobs that count instead of simulating, for tests of the control plane."""
