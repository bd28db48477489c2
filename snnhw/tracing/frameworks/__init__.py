"""What the modules of other frameworks are in the graph: one file for each framework, none of which is imported."""
