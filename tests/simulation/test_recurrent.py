"""Delays, synaptic currents, scales and loops, against the slow step-by-step runner of tests/graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, MLF, Delay, Edge, Graph, Input, Linear, Readout, Scale
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.recurrent import is_recurrent
from tests.nir.step_runner import run_steps


def recurrent_net(seed, loop=True, late=1, levels=2, subtract=False):
    """Current-based LIF layer that hears itself `late` steps later, and an MLF unit behind it."""
    rng = np.random.default_rng(seed)
    reset = "subtract" if subtract else "hard"
    nodes = [
        Input(name="input", shape=(3,)),
        Linear(name="into", shape=(5,), weight=rng.normal(0, 1.5, (5, 3)), bias=rng.normal(0, 0.3, 5)),
        LI(name="synapse", shape=(5,), decay=0.6, gain=0.8, leak=0.05),
        LIF(
            name="hidden",
            shape=(5,),
            decay=rng.uniform(0.2, 0.9, 5),
            threshold=rng.uniform(0.3, 1.0, 5),
            reset=reset,
            gain=1.2,
            leak=0.1,
            v_reset=-0.1,
        ),
        Delay(name="delay", shape=(5,), steps=late),
        Linear(name="around", shape=(5,), weight=rng.normal(0, 0.8, (5, 5))),
        Scale(name="scale", shape=(5,), scale=rng.uniform(0.5, 1.5, 5)),
        MLF(name="unit", shape=(5,), thresholds=tuple(0.4 + 0.5 * k for k in range(levels)), decay=0.5),
        Linear(name="head", shape=(2,), weight=rng.normal(size=(2, 5))),
        Readout(name="readout", shape=(2,)),
    ]
    edges = [
        Edge("input", "into"),
        Edge("into", "synapse"),
        Edge("synapse", "hidden"),
        Edge("hidden", "delay"),
        Edge("delay", "around"),
        Edge("around", "synapse" if loop else "scale"),
        Edge("hidden", "scale", gain=2),
        Edge("scale", "unit"),
        Edge("unit", "head"),
        Edge("head", "readout"),
    ]
    return Graph.build(nodes, edges, 7)


@given(st.integers(0, 2**31), st.booleans(), st.integers(1, 9), st.booleans(), st.booleans())
def test_any_graph_equals_the_slow_runner(seed, loop, late, subtract, static):
    graph = recurrent_net(seed, loop, late, subtract=subtract)
    assert is_recurrent(graph) == loop
    inputs = np.random.default_rng(seed).uniform(-1, 2, (2, 3) if static else (2, 7, 3))
    record = simulate(graph, inputs, execution=DOUBLE, raster=True, membranes=True)
    for n in range(2):
        frames = np.repeat(inputs[n][None], 7, axis=0) if static else inputs[n]
        slow = run_steps(graph, frames)
        assert (record.raster["hidden"][n, :, 0] == slow["hidden"]).all()
        assert (record.raster["unit"][n].sum(axis=1) == slow["unit"]).all()
        np.testing.assert_allclose(record.logits[n], slow["readout"].mean(axis=0), atol=1e-9)
    assert record.units["unit"].levels.sum() == record.raster["unit"].sum()


def test_delays_may_differ_from_neuron_to_neuron():
    steps = np.array([1, 3])
    nodes = [
        Input(name="input", shape=(2,)),
        Delay(name="delay", shape=(2,), steps=steps),
        LIF(name="lif", shape=(2,), decay=0.0, threshold=0.5),
        Linear(name="head", shape=(1,), weight=np.ones((1, 2))),
        Readout(name="readout", shape=(1,)),
    ]
    graph = Graph.build(nodes, [("input", "delay"), ("delay", "lif"), ("lif", "head"), ("head", "readout")], 5)
    pulse = np.zeros((1, 5, 2))
    pulse[0, 0] = 1.0
    raster = simulate(graph, pulse, raster=True).raster["lif"][0, :, 0]
    assert raster[:, 0].tolist() == [0, 1, 0, 0, 0] and raster[:, 1].tolist() == [0, 0, 0, 1, 0]


def test_events_that_enter_a_loop_are_recorded_as_without_one():
    frames = np.random.default_rng(0).integers(0, 4, (3, 7, 3))
    units = []
    for loop in (True, False):
        graph = recurrent_net(0, loop)
        nodes = [Input(name="input", shape=(3,), levels=3) if isinstance(n, Input) else n for n in graph.nodes.values()]
        units.append(simulate(graph.replace(nodes=nodes), frames).units["input"])
    assert all((unit.spikes == frames.sum(axis=(0, 1))).all() for unit in units)
    assert (units[0].levels == units[1].levels).all() and (units[0].levels_t == units[1].levels_t).all()


def test_a_loop_without_a_delay_is_refused():
    graph = recurrent_net(0)
    edges = tuple(Edge("hidden", "around") if e.target == "delay" else e for e in graph.edges if e.source != "delay")
    cut = graph.replace(edges=edges)
    with pytest.raises(InputError, match="cycle"):
        simulate(cut, np.zeros((1, 3)))
