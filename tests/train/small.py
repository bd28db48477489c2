"""A recipe that trains in a few seconds."""

SMALL = {
    "name": "small",
    "model": "digits_ds_resnet8",
    "data": "digits",
    "arguments": {"widths": [6, 8, 12], "timesteps": 2},
    "epochs": 3,
    "batch": 64,
    "optimiser": "adamw",
    "lr": 0.01,
    "augment": {"shift": 1},
    "threads": 1,
}
