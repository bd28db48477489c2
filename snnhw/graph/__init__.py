"""The typed graph: what it is made of, and how networks enter and leave it."""
