"""The faces: command line, study and report."""
