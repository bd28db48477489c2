"""Energy that counters of this machine read while a network runs, and the profile that it becomes."""
