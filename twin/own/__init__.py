"""Models of one's own, from a file: SBML, or a table of formulas."""
