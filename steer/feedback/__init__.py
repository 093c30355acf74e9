"""AA results changing the CG side: seeds now, parameters as new force-field versions later."""
