"""Beads to atoms: the `Backmapper` seam, two ways through it, and the report on what comes out.

`registry` names the implementations, `protocol` says what they answer to, `quality` and `endurance` measure any
answer. Nothing is imported here, so that the child process of one implementation does not load the other.
"""
