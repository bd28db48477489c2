"""Studies of many trainings that differ in one thing: how much data a network is given."""
