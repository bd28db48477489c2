"""Sweeps: many runs of one recipe over a space of its keys, which of them none beats, and what they cost elsewhere."""
