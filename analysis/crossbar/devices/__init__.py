"""What memristive devices do: spread, noise, faults, drift, wires with resistance; and what a network makes of it."""
