"""The membrane as a value: equal to what the engine records before the reset, for every constant."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Edge, Graph, Input, Readout
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.frameworks.cell import single
from snnhw.tracing.frameworks.membrane import membrane_of

STEPS = 7
share = st.floats(0.1, 1.0)


@settings(max_examples=30, deadline=None)
@given(share, share, st.floats(0.1, 2.0), st.floats(-1.0, 1.0), st.booleans(), st.integers(0, 99))
def test_it_is_the_membrane_before_the_reset(decay, gain, theta, v_reset, each, seed):
    rng = np.random.default_rng(seed)
    decays = rng.uniform(0.1, 1, 4) if each else decay
    neuron = LIF(
        name="n", shape=(4,), decay=decays, gain=gain, threshold=theta, v_reset=v_reset, reset="subtract", leak=0.05
    )
    beside = membrane_of(single(neuron))
    assert beside is not None and beside.entry == beside.sent == "n_mem"
    nodes = [Input(name="input", shape=(4,)), neuron, *beside.nodes, Readout(name="end", shape=(4,), reduction="last")]
    edges = [Edge("input", "n"), Edge("input", "n_mem"), *beside.edges, Edge("n_mem", "end")]
    x = rng.uniform(-1, 3, (2, STEPS, 4))
    for steps in (1, STEPS):
        graph = Graph.build(nodes, edges, steps)
        record = simulate(graph, x[:, :steps], membranes=True, execution=DOUBLE)
        assert np.allclose(record.logits, record.membranes["n"][:, -1, 0], rtol=0, atol=1e-12)


def test_a_reset_to_a_value_is_no_membrane_of_an_integrator():
    assert membrane_of(single(LIF(name="n", shape=(4,), decay=0.5, threshold=1.0))) is None
