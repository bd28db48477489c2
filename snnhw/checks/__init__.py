"""What a target cannot do with a graph, or does differently: findings as values, never an exception for a graph."""
