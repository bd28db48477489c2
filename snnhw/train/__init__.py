"""Training: data sets, recipes and the loop."""
