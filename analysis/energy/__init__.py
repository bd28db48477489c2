"""From counts and a profile to energy per inference, as a range with its sources."""
