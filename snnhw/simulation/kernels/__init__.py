"""C loops of the reference engine, where a compiler is at hand."""
