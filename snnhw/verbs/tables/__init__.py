"""What the verbs print for people: one module of tables for each module of verbs."""
