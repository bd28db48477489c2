"""nengo-loihi: integer graphs as blocks of its emulator of Loihi 1, run in an interpreter of its own."""
