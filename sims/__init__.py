"""Everything that builds, runs, maps or measures molecules. Knows OpenMM; knows nothing of Redis or torch."""
