"""The networks of the conformance table: a residual one of six units of three levels, and a chain of single LIFs."""

from __future__ import annotations

import itertools

import numpy as np

from snnhw.graph.ir import LIF, MLF, Conv2d, Flatten, Graph, Input, Linear, Pool, Readout

STEPS = 8
DECAY = 0.25


def residual(seed: int = 0) -> Graph:
    """Stem, an identity block, a strided block with a unit in its shortcut, as MLF DS-ResNets have them; K = 3."""
    rng = np.random.default_rng(seed)

    def conv(name: str, inputs: int, outputs: int, size: int, kernel: int = 3, stride: int = 1) -> Conv2d:
        weight = on_grid(rng, outputs, inputs, kernel, kernel)
        shape, step, around = (outputs, size, size), (stride, stride), (kernel // 2, kernel // 2)
        return Conv2d(name=name, shape=shape, weight=weight, bias=on_grid(rng, outputs), stride=step, padding=around)

    def unit(name: str, channels: int, size: int) -> MLF:
        return MLF(name=name, shape=(channels, size, size), thresholds=(0.5, 1.5, 2.5), decay=DECAY)

    nodes = [
        Input(name="input", shape=(1, 8, 8)),
        *(conv("stem", 1, 8, 8), unit("stem_unit", 8, 8)),
        *(conv("a1", 8, 8, 8), unit("a1_unit", 8, 8), conv("a2", 8, 8, 8), unit("a2_unit", 8, 8)),
        *(conv("b1", 8, 16, 4, stride=2), unit("b1_unit", 16, 4), conv("b2", 16, 16, 4), unit("b2_unit", 16, 4)),
        *(conv("short", 8, 16, 4, 1, 2), unit("short_unit", 16, 4)),
        Pool(name="pool", shape=(16, 1, 1), kind="avg", kernel=(4, 4), stride=(4, 4)),
        Flatten(name="flat", shape=(16,)),
        Linear(name="fc", shape=(10,), weight=on_grid(rng, 10, 16), bias=on_grid(rng, 10)),
        Readout(name="readout", shape=(10,)),
    ]
    paths = (
        "input stem stem_unit a1 a1_unit a2 a2_unit b1 b1_unit b2 b2_unit pool flat fc readout",
        "stem_unit a2_unit",
        "a2_unit short short_unit b2_unit",
    )
    edges = [(a, b) for path in paths for a, b in itertools.pairwise(path.split())]
    return Graph.build(nodes, edges, STEPS, "residual")


def chain(seed: int = 1) -> Graph:
    """Two convolutions with one LIF each and a sum pool: what loaders that lose branches can still run."""
    rng = np.random.default_rng(seed)
    one, two = on_grid(rng, 4, 1, 3, 3), on_grid(rng, 4, 4, 3, 3)
    nodes = [
        Input(name="input", shape=(1, 8, 8)),
        Conv2d(name="c0", shape=(4, 8, 8), weight=one, bias=on_grid(rng, 4), padding=(1, 1)),
        LIF(name="l0", shape=(4, 8, 8), decay=DECAY, threshold=0.5),
        Conv2d(name="c1", shape=(4, 4, 4), weight=two, bias=on_grid(rng, 4), stride=(2, 2), padding=(1, 1)),
        LIF(name="l1", shape=(4, 4, 4), decay=DECAY, threshold=1.5),
        Pool(name="pool", shape=(4, 2, 2), kind="sum", kernel=(2, 2), stride=(2, 2)),
        Flatten(name="flat", shape=(16,)),
        Linear(name="fc", shape=(3,), weight=on_grid(rng, 3, 16), bias=on_grid(rng, 3)),
        Readout(name="readout", shape=(3,)),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, list(itertools.pairwise(names)), STEPS, "chain")


def on_grid(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Multiples of 1/64, so that float32 sums are exact and membranes meet thresholds exactly."""
    return (rng.integers(-64, 65, shape) / 64).astype(np.float32)
