"""Runs any typed graph step by step in float64, loops and all: the slow, obvious way."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F

from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Delay, Flatten, Graph, Input, Linear, Node, Pool, Readout, Scale

Array = npt.NDArray[np.float64]


def run_steps(graph: Graph, inputs: Array) -> dict[str, Array]:
    """What every node sends, [T, *shape], for one sample `inputs` [T, *input.shape]; an MLF sends 0..K."""
    state: dict[str, list[Array]] = {n: [] for n in graph.nodes}
    sent: dict[str, list[Array]] = {n: [] for n in graph.nodes}
    order = graph.order(loops=True)
    for x in inputs:
        for name in order:
            node = graph.nodes[name]
            if isinstance(node, Delay):
                late = len(sent[name]) - int(np.max(node.steps))
                sent[name].append(_arrived(graph, sent, name, late) if late >= 0 else np.zeros(node.shape))
                continue
            arriving = np.asarray(x, float) if isinstance(node, Input) else _arrived(graph, sent, name, -1)
            sent[name].append(_step(node, arriving, state[name]))
    return {name: np.array(values) for name, values in sent.items()}


def _arrived(graph: Graph, sent: dict[str, list[Array]], name: str, t: int) -> Array:
    return sum((e.gain * sent[e.source][t] for e in graph.into(name)), np.zeros(()))


def _step(node: Node, x: Array, state: list[Array]) -> Array:
    if isinstance(node, Input | Readout):
        return x
    if isinstance(node, Conv2d):
        weight = torch.tensor(node.weight).double()
        bias = None if node.bias is None else torch.tensor(node.bias).double()
        image = torch.tensor(x)[None]
        return F.conv2d(image, weight, bias, node.stride, node.padding, node.dilation, node.groups)[0].numpy()
    if isinstance(node, Linear):
        return node.weight.astype(float) @ x.ravel() + (0 if node.bias is None else node.bias)
    if isinstance(node, Pool):
        mean = F.avg_pool2d(torch.tensor(x)[None], node.kernel, node.stride, node.padding)[0].numpy()
        return mean if node.kind == "avg" else mean * np.prod(node.kernel)
    if isinstance(node, Flatten):
        return x.ravel()
    if isinstance(node, Scale):
        return x * node.scale
    if isinstance(node, MLF):
        state[:] = state or [np.zeros(node.shape)] * node.levels
        spikes = []
        for k, theta in enumerate(node.thresholds):
            u = node.decay * state[k] + x
            spikes.append(u > theta)
            state[k] = np.where(spikes[-1], 0.0, u)
        return np.sum(spikes, axis=0).astype(float)
    u = node.decay * (state[0] if state else np.zeros(node.shape)) + node.gain * x + node.leak
    if isinstance(node, LI):
        state[:] = [u]
        return u
    assert isinstance(node, LIF)
    spike = u > node.threshold
    after = node.v_reset if node.reset == "hard" else u - (np.asarray(node.threshold) - node.v_reset)
    state[:] = [np.where(spike, after, u)]
    return spike.astype(float)
