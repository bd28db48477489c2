"""The network of the table of counters: small, residual, K levels, the same on every machine.

2x8x8 input, T = 4, conv 2->4, 4->6 stride 2, 6->6, residual sum of the last two, 6->8 stride 2, Linear 32->5; biases on
the first convolution and the Linear. All values are multiples of powers of two, so sums in float32 are exact.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from snnhw.graph.ir import MLF, Conv2d, Flatten, Graph, Input, Linear, Readout

STEPS, DECAY = 4, 0.25
CHANNELS, STRIDES, SIZES = (2, 4, 6, 6, 8), (1, 2, 1, 2), (8, 4, 4, 2)
RESIDUAL = (1, 3)  # the spikes of unit 1 are added to the input of convolution 3
CASES = {
    "K=1, no residual": (1, False, False),
    "K=1, residual": (1, True, False),
    "K=3, residual": (3, True, False),
    "K=1, residual, event input": (1, True, True),
}  # name: levels, residual, event input
SEED = 5


def network(levels: int, residual: bool, events: bool) -> tuple[Graph, Any]:
    """The graph, and its one sample [1, T, 2, 8, 8], analogue or binary."""
    rng = np.random.default_rng(SEED)

    def weights(*shape: int) -> Any:
        spread = 64 * 1.4 / np.sqrt(np.prod(shape[1:]))
        drawn = np.round(rng.normal(scale=spread, size=shape))
        drawn[drawn == 0] = 1  # some libraries count synapses of weight zero, which is another matter
        return (drawn / 64).astype(np.float32)

    image = (np.floor(16 * rng.normal(size=(1, 1, 2, 8, 8))) + 0.5) / 16  # no zeros
    spikes = rng.random((1, STEPS, 2, 8, 8)) < 0.4
    sample = spikes.astype(np.float32) if events else np.repeat(image, STEPS, axis=1).astype(np.float32)
    nodes: list[Any] = [Input(name="input", shape=(2, 8, 8), levels=1 if events else None)]
    for i, (stride, size) in enumerate(zip(STRIDES, SIZES, strict=True)):
        shape = (CHANNELS[i + 1], size, size)
        weight, bias = weights(CHANNELS[i + 1], CHANNELS[i], 3, 3), weights(CHANNELS[i + 1], 16)[:, 0]
        nodes.append(
            Conv2d(
                name=f"conv{i}", shape=shape, weight=weight, bias=bias if i == 0 else None, stride=(stride, stride),
                padding=(1, 1),
            )
        )  # fmt: skip
        thresholds = tuple(0.6 * (k + 1) for k in range(levels))
        nodes.append(MLF(name=f"unit{i}", shape=shape, thresholds=thresholds, decay=DECAY))
    flat = CHANNELS[-1] * SIZES[-1] ** 2
    nodes.append(Flatten(name="flatten", shape=(flat,)))
    nodes.append(Linear(name="fc", shape=(5,), weight=weights(5, flat), bias=weights(5, 16)[:, 0]))
    nodes.append(Readout(name="readout", shape=(5,)))
    edges = [(a.name, b.name) for a, b in pairwise(nodes)]
    if residual:
        edges.append((f"unit{RESIDUAL[0]}", f"conv{RESIDUAL[1]}"))
    return Graph.build(nodes, edges, STEPS), sample
