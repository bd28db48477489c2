"""Counts kept in a file, merged, and priced again without the network."""
