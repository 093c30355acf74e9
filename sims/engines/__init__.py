"""Engines: ways to run a simulation and watch its beads. Importing this imports no OpenMM."""
