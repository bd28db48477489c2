"""Samples: data sets, files, recordings of event cameras; the only reader of data files."""
