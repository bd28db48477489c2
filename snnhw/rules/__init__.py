"""What a way out of the toolkit refuses: one rule, one function, asked by `check` and by the verb that would refuse."""
