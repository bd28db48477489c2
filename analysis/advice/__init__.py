"""What would help: changes of a network or of its deployment, each with what it saves."""
