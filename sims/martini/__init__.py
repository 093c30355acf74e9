"""Martini 3: parameters, topologies, OpenMM systems, models of proteins and the water around them.

`sims.martini.martinize` makes a `sims.martini.model.CoarseModel` of a structure, `sims.martini.solvent` puts water and
ions around it, `sims.martini.system` builds the OpenMM system.
"""
