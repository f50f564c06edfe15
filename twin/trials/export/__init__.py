"""Export: a trial in the data standards of CDISC, for statisticians' own programs."""
