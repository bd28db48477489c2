"""Nodes between neurons: exact sums of integers, and pools, delays and norms against their equations."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from snnhw.graph.ir import Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.proofs.largest import largest_output
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from snnhw.simulation.synapses import apply_node, product_dtype


@pytest.mark.parametrize("size", [2, 3, 5, 7, 10])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_sum_pools_of_spikes_are_whole_numbers(size, dtype):
    shape = (50, 3, size, size)
    pool = Pool(name="pool", shape=(3, 1, 1), kind="sum", kernel=(size, size), stride=(size, size))
    nodes = [Input(name="input", shape=shape[1:]), pool, Readout(name="readout", shape=(3, 1, 1))]
    graph = Graph.build(nodes, [("input", "pool"), ("pool", "readout")], 1)
    spikes = np.random.default_rng(0).integers(0, 4, shape)
    assert (simulate(graph, spikes, execution=Execution(dtype)).logits[:, :, 0, 0] == spikes.sum(axis=(2, 3))).all()


def product_graph(weight, bits=8):
    size = weight.shape[1]
    nodes = [
        Input(name="input", shape=(size,), scale=1.0, bits=bits),
        Linear(name="fc", shape=(len(weight),), weight=weight),
        LoihiLIF(
            name="n", shape=(len(weight),), threshold=1, du=4095, dv=3072, bias_mant=np.zeros(1, np.int16), bias_exp=0
        ),
        Linear(name="out", shape=(1,), weight=np.full((1, len(weight)), 2, np.int32)),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    chain = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(chain)), 1)


def test_product_precision_switches_at_the_bound():
    fits = np.full((1, 1032), 127, np.int32)  # 1032 * 127 * 128 = 16,776,192 < 2^24
    assert largest_output(product_graph(fits), "fc") == 1032 * 127 * 128
    assert product_dtype(product_graph(fits), "fc") == torch.float32
    over = np.full((1, 1033), 127, np.int32)
    assert product_dtype(product_graph(over), "fc") == torch.float64


def test_the_product_is_exact_up_to_the_bound_and_float32_not_beyond():
    """Everything at its limit is exact just below 2^24; 2^24 + 1 is the first integer that float32 lacks."""
    fits = Linear(name="fc", shape=(1,), weight=np.full((1, 1032), 127, np.int32))
    assert apply_node(fits, torch.full((1, 1, 1032), -128.0)).item() == -1032 * 127 * 128
    over = np.full((1, 1025), 128, np.int32)
    over[0, -1] = 1
    graph, x = product_graph(over, bits=9), torch.tensor([128.0] * 1024 + [1.0]).reshape(1, 1, -1)
    exact, rounded = (apply_node(graph.nodes["fc"], x.to(d)).item() for d in (torch.float64, torch.float32))
    assert product_dtype(graph, "fc") == torch.float64
    assert exact == 2**24 + 1 and rounded != exact
