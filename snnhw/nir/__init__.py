"""Typed graph and NIR files: the only room that imports nir."""
