"""Lava: the graph as Lava processes, run in an interpreter of its own."""
