"""A torch module becomes a typed graph: the one room that knows both."""
