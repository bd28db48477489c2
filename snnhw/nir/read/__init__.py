"""The way in: a NIR file of any framework becomes a typed graph, with findings for what had to be assumed."""
