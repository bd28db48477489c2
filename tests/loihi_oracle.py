"""Lava's PyLifModelBitAcc for one neuron, Python integers, written from the published recurrence."""


def wrap32(x):
    return (x + 2**31) % 2**32 - 2**31


def decayed(state, keep):
    product = state * keep
    return (abs(product) >> 12) * (1 if product >= 0 else -1)


def loihi_neuron(currents, vth, du, dv, bias, taken_off=None):
    """Spikes and membranes (before reset) of one neuron for the integer currents a[t].

    It resets to 0, or by subtraction of `taken_off`, which is not Lava's.
    """
    u = v = 0
    spikes, membranes = [], []
    for a in currents:
        u = wrap32(decayed(u, 4096 - (du + 1)) + wrap32(a << 6))
        w = u - 2**24 if u > 2**23 else u
        u = u + 2**24 if w <= -(2**23) else w
        v = min(max(decayed(v, 4096 - dv) + u + bias, -(2**23) + 1), 2**23 - 1)
        membranes.append(v)
        spikes.append(int(v > vth << 6))
        if spikes[-1]:
            v = 0 if taken_off is None else v - taken_off
    return spikes, membranes
