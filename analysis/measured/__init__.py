"""Measured chips as data, and how well the profiles predict them."""
