"""Exact counts of a graph from its spike record."""
