"""Studies of many trainings or chips that differ in one thing: the share of the data, what devices do."""
