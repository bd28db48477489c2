"""Bounds that hold for every input: intervals, values, membranes, and the largest integers; no data, no torch."""
