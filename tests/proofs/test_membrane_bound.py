"""The lowest membrane that can occur, against exact integers driven by the worst input."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Graph, Input, Linear, LoihiLIF, Readout
from snnhw.proofs.membrane_bound import lowest_states


def neuron(vth=300, du=4095, dv=3072, mant=0, exp=0):
    return LoihiLIF(
        name="n", shape=(1,), threshold=vth, du=du, dv=dv, bias_mant=np.array([mant], np.int16), bias_exp=exp
    )


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


@given(
    weight=st.lists(st.integers(-127, 127), min_size=1, max_size=4),
    mant=st.integers(-4096, 4095),
    exp=st.integers(0, 7),
    dv=st.sampled_from([0, 1000, 3072, 4095]),
    bits=st.integers(2, 16),
    timesteps=st.integers(1, 6),
)
def test_the_lowest_state_is_what_the_worst_input_reaches(weight, mant, exp, dv, bits, timesteps):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    graph = product_graph(2 * np.array([weight], np.int32), bits)
    node = neuron(131071, dv=dv, mant=mant, exp=exp)
    graph = graph.replace(nodes={**graph.nodes, "n": node}, timesteps=timesteps)
    current = sum(2 * w * (low if w > 0 else high) for w in weight)
    v, reached = 0, [0]
    for _ in range(timesteps):  # exact integers that neither wrap nor clip
        kept = abs(v) * (4096 - dv) // 4096
        v = (kept if v > 0 else -kept) + 64 * current + (mant << exp)
        reached.append(v)
    assert lowest_states(graph) == {"n": min(reached)}
