"""Hardware as data: profiles and chips in TOML, and how a network is laid out on cores."""
