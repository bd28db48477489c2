"""A layer that several populations take becomes one for each, with the same values and with integers of its own."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, SYNAPSES, Edge, Graph, Input, Linear, Neuron, Readout
from snnhw.passes import compile_channels
from snnhw.passes.own_synapses import own_synapses
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.graph.strategies import float_graphs


def shared(seed: int, thresholds: tuple[float, float]) -> Graph:
    """One matrix in front of two populations, which another one adds up; the first matrix also ends in the read-out."""
    rng = np.random.default_rng(seed)
    nodes = [
        Input(name="input", shape=(4,)),
        Linear(name="fc", shape=(6,), weight=rng.normal(size=(6, 4))),
        LIF(name="a", shape=(6,), decay=0.5, threshold=thresholds[0]),
        LIF(name="b", shape=(6,), decay=0.5, threshold=thresholds[1]),
        Linear(name="out", shape=(3,), weight=rng.normal(size=(3, 6))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [("input", "fc"), ("fc", "a"), ("fc", "b"), ("a", "out"), ("b", "out"), ("out", "readout")]
    return Graph.build(nodes, edges, 4)


def test_each_population_has_a_layer_of_its_own() -> None:
    graph = own_synapses(shared(0, (0.3, 0.8)))
    assert [n.name for n in graph.of_type(Linear)] == ["fc", "fc_of_b", "out"]
    assert {(e.source, e.target) for e in graph.edges if "fc" in e.source} == {("fc", "a"), ("fc_of_b", "b")}
    assert graph.nodes["fc"].weight is graph.nodes["fc_of_b"].weight
    assert own_synapses(graph).nodes.keys() == graph.nodes.keys()


def test_a_population_with_a_high_threshold_does_not_spoil_the_integers_of_another() -> None:
    """The threshold of b, which nothing reaches, leaves few integers to b alone."""
    x = np.random.default_rng(0).normal(size=(40, 4))
    made = compile_loihi(shared(0, (0.3, 900.0)), x)
    floats, integers = simulate(shared(0, (0.3, 900.0)), x), simulate(made.graph, x)
    sent, kept = floats.units["a"].spikes, integers.units["a"].spikes
    assert sent.sum() > 300 and abs(sent - kept).sum() < 0.03 * sent.sum()
    assert integers.units["b"].spikes.sum() == 0 and made.scales["a"].max() > made.scales["b"].max()


@given(float_graphs(), st.data())
def test_values_are_those_of_the_graph(graph: Graph, data: st.DataObject) -> None:
    """Also where a layer of the strategy gets another unit and the read-out of sums behind it."""
    graph = compile_channels(graph)
    layer = data.draw(st.sampled_from([n for n in graph.nodes.values() if isinstance(n, SYNAPSES) and n.name != "fc"]))
    owners = [e.target for e in graph.out_of(layer.name)]
    extra = LIF(name="extra", shape=layer.shape, decay=0.5, threshold=0.4)
    taker = next(e.target for e in graph.out_of(owners[0]))
    both = graph.replace(
        nodes=[*graph.nodes.values(), extra], edges=(*graph.edges, Edge(layer.name, "extra"), Edge("extra", taker))
    )
    split = own_synapses(both)
    for name, node in split.nodes.items():
        if isinstance(node, SYNAPSES):
            behind = [split.nodes[e.target] for e in split.out_of(name)]
            assert len({n.unit_name if isinstance(n, Neuron) else "" for n in behind}) == 1
    levels = graph.input.levels
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, *graph.input.shape)) if levels is None else rng.integers(0, 4, (2, *graph.input.shape))
    a, b = (simulate(g, x, execution=DOUBLE, raster=True) for g in (both, split))
    assert all(np.array_equal(spikes, b.raster[unit]) for unit, spikes in a.raster.items())
    assert np.array_equal(a.logits, b.logits)
