"""A graph that needs no pass, so that it can be built where there is no torch."""

import numpy as np

from snnhw.graph.ir import Conv2d, Graph, Input, Linear, LoihiLIF, Readout


def chain():
    """Two-level unit behind a convolution, read out by a Linear."""
    rng = np.random.default_rng(0)
    shape = (3, 4, 5)
    nodes = [
        Input(name="input", shape=(2, 4, 5), scale=1.0),
        Conv2d(
            name="conv",
            shape=shape,
            weight=(2 * rng.integers(-60, 60, (3, 2, 3, 3))).astype(np.int32),
            padding=(1, 1),
        ),
    ]
    mant = rng.integers(-90, 90, (3, 1, 1)).astype(np.int16)
    for level in (1, 2):
        nodes.append(
            LoihiLIF(
                name=f"u_l{level}",
                shape=shape,
                threshold=200 * level,
                du=4095,
                dv=3072,
                bias_mant=mant,
                bias_exp=4,
                unit="u",
                level=level,
            )
        )
    weight = (2 * rng.integers(-60, 60, (4, 60))).astype(np.int32)
    nodes += [
        Linear(name="head", shape=(4,), weight=weight),
        Readout(name="readout", shape=(4,), reduction="sum"),
    ]
    edges = [("input", "conv"), ("conv", "u_l1"), ("conv", "u_l2"), ("u_l1", "head"), ("u_l2", "head")]
    graph = Graph.build(nodes, [*edges, ("head", "readout")], timesteps=3)
    return graph, rng.integers(-9, 10, (4, 3, 2, 4, 5))
