"""Training: recipes, the loop, run folders and the diagnosis of gradients."""
