"""Jobs: verbs that take long, each in a process of its own, with what was asked, how far it is, and what came out."""
