"""Everything learned: features, latent models, their training. Knows torch; knows nothing of Redis or OpenMM."""
