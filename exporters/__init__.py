"""Targets that a graph can be exported to."""
