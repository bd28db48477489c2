"""The largest input and output of a node, where the worst case can be computed by hand."""

from itertools import pairwise

import numpy as np

from snnhw.graph.ir import Flatten, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.proofs.largest import largest_input, largest_output


def test_the_bound_sees_through_what_only_moves_or_adds():
    """An image behind a Flatten, spikes behind a sum pool, a bias: all of them enlarge what a sum can reach."""
    neuron_ = {"du": 4095, "dv": 3072, "bias_mant": np.zeros(1, np.int16), "bias_exp": 0}
    nodes = [
        Input(name="input", shape=(2, 4, 4), scale=1.0, bits=16),
        Flatten(name="flat", shape=(32,)),
        Linear(name="fc", shape=(8,), weight=np.full((8, 32), 2, np.int32), bias=np.full(8, -5.0)),
        LoihiLIF(name="u", shape=(8, 1, 1), threshold=1, **neuron_),
        Pool(name="pool", shape=(8, 1, 1), kind="sum", kernel=(3, 3), stride=(1, 1), padding=(1, 1)),
        Linear(name="out", shape=(1,), weight=np.full((1, 8), 4, np.int32)),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 1)
    assert largest_output(graph, "fc") == largest_input(graph, "u") == 64 * 2**15 + 5
    assert largest_output(graph, "out") == 8 * 4 * 9
