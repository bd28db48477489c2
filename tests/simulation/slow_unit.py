"""The multi-level recurrence for one neuron in plain Python: the oracle of the unit."""

import numpy as np


def slow_levels(x, thresholds, decay):
    """u[t] = decay*u[t-1]*(1-s[t-1]) + x[t], one neuron, plain floats."""
    rows = []
    u, s = [0.0] * len(thresholds), [0] * len(thresholds)
    for value in x:
        for k, theta in enumerate(thresholds):
            u[k] = decay * u[k] * (1 - s[k]) + value
            s[k] = int(u[k] > theta)
        rows.append(list(s))
    return np.array(rows)
