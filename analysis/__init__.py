"""Numbers: fan-out, counts, hardware profiles, energy, and the report that shows them."""
