"""The options of a run."""

from itertools import pairwise

import numpy as np
import torch

from snnhw.graph.ir import Graph, Input, Linear, LoihiLIF, Readout
from snnhw.simulation.execution import Execution
from snnhw.simulation.plan import plan_of


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


def test_off_the_cpu_integers_are_float64():
    """There a convolution in float32 may be computed in TF32 or by Winograd's algorithm."""
    fits = product_graph(np.full((1, 8), 2, np.int32))
    step = next(s for s in plan_of(fits) if s.name == "fc")
    assert [Execution(device=d).dtype_of(step.dtype) for d in ("cpu", "cuda", "cuda:1")] == [
        torch.float32,
        torch.float64,
        torch.float64,
    ]
