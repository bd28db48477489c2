"""A measured profile of `small_net` (3 steps, 221 neurons, 4106 MACs of the twin), as parsed TOML."""

_ABOUT = {
    "unit": "mJ",
    "source": "me",
    "table": "here",
    "kind": "measured",
    "confidence": "medium",
    "spread": "quartiles",
}
MEASURED = {
    "name": "desk-work",
    "title": "A desk computer",
    "model": "measured",
    "scope": "package_dynamic",
    "deployment": "shared",
    "number_bits": 32,
    "measured_on": {"network": "small", "timesteps": 3, "neurons": 221, "dense_macs": 4106},
    "constants": {
        "network_inference": {"value": 6.0, "low": 5.0, "high": 8.0, **_ABOUT},
        "twin_inference": {"value": 2.0, "low": 1.0, "high": 2.5, **_ABOUT},
    },
}
