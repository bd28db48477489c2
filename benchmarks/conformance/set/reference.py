"""NIR graphs step by step, by the published recurrences and in plain loops. Needs NumPy and nir alone.

NIR's differential equations are stepped by forward Euler with the time step dt, states from 0 on:

    LIF      v = v + dt/tau ((v_leak - v) + r x);  spike = v > v_threshold;  v = v_reset where it spikes
    IF       v = v + dt r x;  the same spike and reset
    CubaLIF  i = i + dt/tau_syn (-i + w_in x);  v = v + dt/tau_mem ((v_leak - v) + r i), i being the new one

Edges into one node add up. A spike is used in the step in which it was sent, except on an edge that leads from a neuron
back into its own past, where it arrives one step later. `Delay` hands on what came delay/dt steps ago, 0 before.
"""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
NEURONS = (nir.LIF, nir.IF, nir.CubaLIF)


def run(graph: nir.NIRGraph, frames: Array, dt: float, dtype: Any = np.float32) -> tuple[dict[str, Array], int]:
    """What every node sends [T, *shape] for one sample [T, *shape], and how many membranes met their threshold."""
    nodes, edges = graph.nodes, list(graph.edges)
    late = {(a, b) for a, b in edges if isinstance(nodes[a], NEURONS) and _reaches(edges, b, a)}
    order = _order(list(nodes), [edge for edge in edges if edge not in late])
    states: dict[str, list[Array]] = {}
    past: dict[str, list[Array]] = {name: [] for name in nodes}
    ties = 0
    for frame in frames:
        now: dict[str, Array] = {}
        for name in order:
            arriving: Any = 0
            for source, target in edges:
                if target != name:
                    continue
                if (source, target) not in late:
                    arriving = arriving + now[source]
                else:
                    arriving = arriving + (past[source] or [np.zeros(np.shape(nodes[source].v_threshold), dtype)])[-1]
            node = nodes[name]
            if isinstance(node, nir.Input):
                now[name] = frame.astype(dtype)
            elif isinstance(node, NEURONS):
                now[name], tied = _fire(node, states.setdefault(name, []), np.asarray(arriving, dtype), dt)
                ties += tied
            elif isinstance(node, nir.Delay):
                past[name + "/in"] = [*past.get(name + "/in", []), arriving]
                now[name] = _late(node, past[name + "/in"], dt)
            else:
                now[name] = _passed(node, np.asarray(arriving, dtype))
        for name in nodes:
            past[name].append(now[name])
    return {name: np.stack(past[name]) for name in nodes}, ties


def _fire(node: Any, state: list[Array], x: Array, dt: float) -> tuple[Array, int]:
    """Spikes of one step and ties; `state` is [v] or [v, i], and empty before the first step."""
    kind, step = x.dtype.type, np.float32(dt)
    shape = np.shape(node.v_threshold)
    if not state:
        state[:] = [np.zeros(shape, kind), np.zeros(shape, kind)]
    v, i = state
    if isinstance(node, nir.IF):
        v = v + kind(1) * (step * np.float32(1) * node.r).astype(kind) * x
    else:
        tau, r, leak = (node.tau_mem if isinstance(node, nir.CubaLIF) else node.tau), node.r, node.v_leak.astype(kind)
        if isinstance(node, nir.CubaLIF):
            rate = (step / node.tau_syn).astype(kind)
            i = i + (rate * node.w_in.astype(kind)) * x - rate * i
            x = i
        rate = (step / tau).astype(kind)
        v = v + rate * (leak - v) + (rate * r.astype(kind)) * x
    theta = node.v_threshold.astype(kind)
    spikes = v > theta
    state[:] = [np.where(spikes, node.v_reset.astype(kind), v), i]
    return spikes.astype(kind), int((v == theta).sum())


def _late(node: nir.Delay, arrived: list[Array], dt: float) -> Array:
    """What came `delay` ago, element by element."""
    steps = np.rint(np.asarray(node.delay) / dt).astype(int)
    out = np.zeros(np.shape(arrived[-1]), arrived[-1].dtype)
    for place in np.ndindex(out.shape):
        ago = int(np.broadcast_to(steps, out.shape)[place])
        if ago < len(arrived):
            out[place] = arrived[-1 - ago][place]
    return out


def _passed(node: Any, x: Array) -> Array:
    """What a node without a state sends."""
    if isinstance(node, nir.Flatten):
        return x.reshape(-1)
    if isinstance(node, nir.Affine | nir.Linear):
        y = node.weight.astype(x.dtype) @ x
        return y + node.bias.astype(x.dtype) if isinstance(node, nir.Affine) else y
    if isinstance(node, nir.Conv2d):
        return _convolved(node, x)
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d):
        return _pooled(node, x)
    if isinstance(node, nir.Output):
        return x
    raise ValueError(f"{type(node).__name__} is not in the set; take the files as they are.")


def _convolved(node: nir.Conv2d, x: Array) -> Array:
    """Cross-correlation of x [C, H, W], tap by tap."""
    weight, (sy, sx), (py, px), (dy, dx) = node.weight, *map(_pair, (node.stride, node.padding, node.dilation))
    outputs, taken, height, width = weight.shape
    padded = np.pad(x, ((0, 0), (py, py), (px, px)))
    rows = (padded.shape[1] - dy * (height - 1) - 1) // sy + 1
    columns = (padded.shape[2] - dx * (width - 1) - 1) // sx + 1
    y = np.zeros((outputs, rows, columns), x.dtype)
    for o in range(outputs):
        first = o // (outputs // node.groups) * taken
        for i in range(taken):
            for ky in range(height):
                for kx in range(width):
                    tap = padded[first + i, ky * dy :: sy, kx * dx :: sx][:rows, :columns]
                    y[o] += x.dtype.type(weight[o, i, ky, kx]) * tap
    return y + node.bias.astype(x.dtype)[:, None, None]


def _pooled(node: Any, x: Array) -> Array:
    """Sum or mean over windows of x [C, H, W]; zeros of the border count."""
    (height, width), (sy, sx), (py, px) = map(_pair, (node.kernel_size, node.stride, node.padding))
    padded = np.pad(x, ((0, 0), (py, py), (px, px)))
    rows, columns = (padded.shape[1] - height) // sy + 1, (padded.shape[2] - width) // sx + 1
    y = np.zeros((len(x), rows, columns), x.dtype)
    for ky in range(height):
        for kx in range(width):
            y += padded[:, ky::sy, kx::sx][:, :rows, :columns]
    return y / x.dtype.type(height * width) if isinstance(node, nir.AvgPool2d) else y


def _pair(value: Any) -> tuple[int, int]:
    first, second = np.broadcast_to(np.asarray(value), 2)
    return int(first), int(second)


def _reaches(edges: list[tuple[str, str]], start: str, end: str) -> bool:
    """Whether a path of edges leads from `start` to `end`."""
    known, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        new = {b for a, b in edges if a == here} - known
        known |= new
        waiting += new
    return end in known


def _order(names: list[str], edges: list[tuple[str, str]]) -> list[str]:
    """Every node behind all that lead into it."""
    order: list[str] = []
    while len(order) < len(names):
        ready = [n for n in names if n not in order and all(a in order for a, b in edges if b == n)]
        order += ready[:1]
    return order
