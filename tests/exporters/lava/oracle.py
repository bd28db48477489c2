"""Networks in aligned time, neuron by neuron as Lava's models are published: numpy only, one time step after the other.

Shares no code with the engine or the exporter. Convolution is a sum of shifted images, one per tap.
"""

import numpy as np

from snnhw.graph.ir import LIF, Conv2d, Flatten, Input, Linear, LoihiLIF, Pool, Readout


def conv(x, node):
    """Cross-correlation of x [C, H, W]."""
    (sy, sx), (py, px), (dy, dx) = node.stride, node.padding, node.dilation
    x = np.pad(x, ((0, 0), (py, py), (px, px)))
    out_channels, per_group, kh, kw = node.weight.shape
    _, height, width = node.shape
    out = np.zeros(node.shape, dtype=x.dtype)
    for o in range(out_channels):
        first = o // (out_channels // node.groups) * per_group
        for i in range(per_group):
            for ky in range(kh):
                for kx in range(kw):
                    window = x[first + i, ky * dy :: sy, kx * dx :: sx][:height, :width]
                    out[o] += node.weight[o, i, ky, kx] * window
    return out if node.bias is None else out + node.bias[:, None, None]


def pool(x, node):
    (py, px), (kh, kw), (sy, sx) = node.padding, node.kernel, node.stride
    x = np.pad(x, ((0, 0), (py, py), (px, px)))
    _, height, width = node.shape
    total = sum(x[:, ky::sy, kx::sx][:, :height, :width] for ky in range(kh) for kx in range(kw))
    return total / (kh * kw) if node.kind == "avg" else total


def truncated(state, keep):
    product = state * keep
    return np.sign(product) * (np.abs(product) >> 12)


def loihi_step(node, u, v, a):
    """One step of the fixed-point LIF on int64 arrays: new u, v before the reset, spikes."""
    current = ((a << 6) + 2**31) % 2**32 - 2**31
    u = (truncated(u, 4096 - (node.du + 1)) + current + 2**31) % 2**32 - 2**31
    w = np.where(u > 2**23, u - 2**24, u)
    u = np.where(w <= -(2**23), u + 2**24, w)
    mant = node.bias_mant.astype(np.int64)
    bias = mant << node.bias_exp if node.bias_exp >= 0 else mant >> -node.bias_exp
    v = np.clip(truncated(v, 4096 - node.dv) + u + bias, -(2**23) + 1, 2**23 - 1)
    return u, v, v > np.asarray(node.threshold, dtype=np.int64) << 6


def _after(node, v):
    """What is left of the membrane behind a spike."""
    if node.reset == "hard":
        return 0
    return v - (node.taken_off if isinstance(node, LoihiLIF) else node.threshold - node.v_reset)


def run_oracle(graph, inputs):
    """Spikes and membranes [N, T, *shape] of every neuron node, and logits [N, classes]."""
    spikes = {n.name: [] for n in graph.of_type(LIF, LoihiLIF)}
    membranes = {name: [] for name in spikes}
    logits = []
    for sample in inputs:
        frames = sample if sample.ndim > len(graph.input.shape) else [sample] * graph.timesteps
        neurons = {name: graph.nodes[name] for name in spikes}
        state = {name: (getattr(node, "current_start", 0), node.start) for name, node in neurons.items()}
        total = 0
        for frame in frames:
            values = {}
            for name in graph.order():
                node = graph.nodes[name]
                x = sum(values[e.source] * e.gain for e in graph.into(name))
                if isinstance(node, Input):
                    values[name] = frame
                    if graph.is_integer:
                        limit = 2 ** (node.bits - 1)
                        values[name] = np.clip(np.rint(frame * node.scale), -limit, limit - 1).astype(np.int64)
                elif isinstance(node, Conv2d):
                    values[name] = conv(x, node)
                    if graph.is_integer:
                        values[name] = (values[name] + 2**23) % 2**24 - 2**23
                elif isinstance(node, Pool):
                    values[name] = pool(x, node)
                elif isinstance(node, Flatten):
                    values[name] = x.reshape(-1)
                elif isinstance(node, Linear):
                    values[name] = node.weight @ x.reshape(-1) + (0 if node.bias is None else node.bias)
                elif isinstance(node, Readout):
                    total = total + x
                else:
                    u, v = state[name]
                    x = np.broadcast_to(x, node.shape)
                    if isinstance(node, LoihiLIF):
                        u, v, s = loihi_step(node, np.broadcast_to(u, node.shape), np.broadcast_to(v, node.shape), x)
                    else:
                        v = node.decay * v + x + node.leak
                        s = v > node.threshold
                    spikes[name].append(s)
                    membranes[name].append(v)
                    state[name] = (u, np.where(s, _after(node, v), v))
                    values[name] = s.astype(np.int64 if graph.is_integer else np.float64)
        logits.append(total / graph.timesteps if graph.readout.reduction == "mean" else total)
    shaped = {n.name: (len(inputs), graph.timesteps, *n.shape) for n in graph.of_type(LIF, LoihiLIF)}
    return (
        {name: np.array(rows, dtype=np.uint8).reshape(shaped[name]) for name, rows in spikes.items()},
        {name: np.array(rows).reshape(shaped[name]) for name, rows in membranes.items()},
        np.array(logits),
    )


def assert_as_oracle(record, graph, inputs):
    """Spikes, membranes and logits of an integer graph's `record` are those of the recurrence."""
    spikes, membranes, logits = run_oracle(graph, inputs)
    for unit, nodes in graph.units().items():
        assert np.array_equal(record.raster[unit], np.stack([spikes[n.name] for n in nodes], axis=2))
        assert np.array_equal(record.membranes[unit], np.stack([membranes[n.name] for n in nodes], axis=2))
    assert np.array_equal(record.logits, logits)
