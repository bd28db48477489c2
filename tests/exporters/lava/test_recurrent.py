"""Recurrent networks and delays in Loihi integers: the recurrence, the engine and Lava send the same spikes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.checks.check import check
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.exporters.lava.lower import longest_delay, lower
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Delay, Edge, Flatten, Graph, Input, Linear, MaxPool, Readout
from snnhw.passes import compile_channels
from snnhw.passes.balance_delays import depths
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.verify import LavaShare, verify
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import run

KINDS = ("LIF", "MLF", "current-based")
LOOPS = ("synapse", "direct", "both", "two layers", "forward")


def network(kind="LIF", loop="synapse", *, steps=1, seed=0, timesteps=5, image=True, pooled=True, levels=None):
    """A stem, perhaps a max pool of its spikes, a population that feeds itself, and a read-out; with samples."""
    rng = np.random.default_rng(seed)
    entering = (2, 6, 6) if image else (7,)
    nodes = [Input(name="input", shape=entering, levels=levels)]
    edges: list[Edge] = []

    def layer(name, sources, shape, arriving):
        if len(shape) == 3:
            weight = rng.normal(size=(shape[0], arriving[0], 3, 3)) / np.sqrt(4 * arriving[0])
            nodes.append(Conv2d(name=name, shape=shape, weight=weight, bias=rng.normal(size=shape[0]) / 4,
                                padding=(1, 1)))  # fmt: skip
        else:
            weight = rng.normal(size=(shape[0], arriving[0])) / np.sqrt(arriving[0] / 2)
            nodes.append(Linear(name=name, shape=shape, weight=weight, bias=rng.normal(size=shape[0]) / 4))
        edges.extend(Edge(source, name) for source in sources)

    def fires(name, sources, shape):
        if kind == "current-based":
            nodes.append(LI(name=f"{name}_current", shape=shape, decay=0.4, current_of=name))
            edges.extend(Edge(source, f"{name}_current") for source in sources)
            sources = [f"{name}_current"]
        thresholds = (0.5, 1.4) if kind == "MLF" else (0.5,)
        nodes.append(MLF(name=name, shape=shape, thresholds=thresholds, decay=0.6)
                     if kind == "MLF" else LIF(name=name, shape=shape, threshold=0.5, decay=0.6))  # fmt: skip
        edges.extend(Edge(source, name) for source in sources)

    shape = (3, 6, 6) if image else (8,)
    layer("stem", ["input"], shape, entering)
    fires("first", ["stem"], shape)
    last = "first"
    if image and pooled:
        shape = (3, 3, 3)
        nodes.append(MaxPool(name="pool", shape=shape, kernel=(2, 2), stride=(2, 2)))
        edges.append(Edge("first", "pool"))
        last = "pool"
    layer("forward", [last], shape, shape)
    into = ["forward"]
    late = Delay(name="late", shape=shape, steps=steps)
    nodes.append(late)
    if loop in ("synapse", "both"):
        layer("again", ["late"], shape, shape)
        into.append("again")
    if loop in ("direct", "both"):
        into.append("late")
    if loop == "two layers":
        layer("again", ["late"], shape, shape)
        fires("between", ["again"], shape)
        layer("back", ["between"], shape, shape)
        into.append("back")
    if loop == "forward":
        edges.append(Edge("first" if last == "first" else "pool", "late"))
        layer("skip", ["late"], shape, shape)
        into.append("skip")
    fires("own", into, shape)
    if loop != "forward":
        edges.append(Edge("own", "late"))
    size = int(np.prod(shape))
    nodes += [
        Flatten(name="flat", shape=(size,)),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, size)), bias=rng.normal(size=3)),
        Readout(name="readout", shape=(3,)),
    ]
    edges += [Edge(a, b) for a, b in pairwise(["own", "flat", "head", "readout"])]
    shape = (4, timesteps, *entering)
    inputs = rng.integers(0, levels + 1, shape) if levels else rng.normal(size=shape)
    return Graph.build(nodes, edges, timesteps), inputs


@st.composite
def networks(draw):
    loop = draw(st.sampled_from(LOOPS))
    steps = draw(st.integers(2 if loop == "two layers" else 1, 3))
    return network(
        draw(st.sampled_from(KINDS)), loop, steps=steps, seed=draw(st.integers(0, 2**31)), image=draw(st.booleans()),
        timesteps=draw(st.integers(1, 6)), pooled=draw(st.booleans()), levels=draw(st.sampled_from([None, 1, 3])),
    )  # fmt: skip


@settings(max_examples=20)
@given(networks())
def test_the_engine_computes_the_recurrence_in_integers(drawn):
    graph, x = drawn
    assert not refusals(graph, INTEGERS)
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)
    compiled = run(compile_channels(graph), x)
    np.testing.assert_allclose(run(graph, x).logits, compiled.logits, rtol=0, atol=1e-9)


@pytest.mark.lava
@pytest.mark.slow
@settings(max_examples=2)
@given(networks(), st.booleans())
def test_lava_sends_the_same_spikes_in_every_population(drawn, whole):
    """Sample after sample: what a sample sends late never reaches the next one."""
    graph, x = drawn
    ready = compile_loihi(graph, x).graph if whole else compile_channels(graph)
    ours = simulate(ready, x, raster=True, execution=DOUBLE)
    lavas = run_lava(ready, x, RunOptions(raster=True))
    assert ours.raster.keys() == lavas.raster.keys()
    for unit in ours.raster:
        assert np.array_equal(ours.raster[unit], lavas.raster[unit]), unit
    assert np.array_equal(ours.logits, lavas.logits) if whole else np.allclose(ours.logits, lavas.logits)


@pytest.mark.lava
@pytest.mark.slow
def test_verify_holds_from_floats_to_lava(tmp_path):
    graph, x = network("current-based", "both", seed=3)
    made = verify(LoadedModel("net", graph), Samples("own", x, None, None, ""), x, tmp_path, LavaShare(samples=4))
    assert made.certificate.agrees and len(made.certificate.agreements) == 5
    assert all(agreement.spikes > 100 for agreement in made.certificate.agreements)


def test_the_synapse_that_leads_back_is_the_delay():
    """One synapse and one step: no process for the delay, and one silent step between samples."""
    graph, _ = network("LIF", "synapse", image=False)
    compiled = compile_channels(graph)
    assert all(edge.delay == 0 for edge in compiled.edges)
    depth = depths(compiled)
    assert (depth["first"], depth["own"], depth["late"], depth["again"]) == (1, 2, 1, 2)
    lowered = lower(compiled)
    assert lowered.gap == 1 and not [p for p in lowered.processes if p.kind == "delay"]
    (again,) = [p for p in lowered.processes if p.name == "again"]
    assert again.sources == ("own",)
    longer = compile_channels(network("LIF", "synapse", steps=3, image=False)[0])
    assert sum(e.delay for e in longer.edges) == 2 and longest_delay(longer) == 3


@pytest.mark.parametrize("target", ["loihi1", "lava"])
def test_a_loop_with_more_synapses_than_steps_is_refused_by_name(target):
    graph, x = network("LIF", "two layers", steps=1)
    (found,) = [f for f in check(graph, target) if f.severity == "error"]
    assert (found.code, found.node) == ("recurrent", "late")
    assert "its loop has 2 synapses and 1 steps" in found.message
    with pytest.raises(InputError, match="'late' does not fit Loihi: its loop has 2 synapses and 1 steps"):
        compile_loihi(graph, x)


def test_delays_of_other_things_than_spikes_are_refused_by_name():
    graph, _ = network("LIF", "forward", image=False)
    mixed = graph.replace(nodes=[Delay(name="late", shape=n.shape, steps=np.arange(8) % 2 + 1)
                                 if n.name == "late" else n for n in graph.nodes.values()])  # fmt: skip
    assert [(f.code, f.node) for f in refusals(mixed, INTEGERS)] == [("mixed-delay", "late")]
    edges = tuple(e for e in graph.edges if e.target != "late")
    sums = graph.replace(edges=(*edges, Edge("stem", "late")))
    assert ("delay", "late") in [(f.code, f.node) for f in refusals(sums, INTEGERS)]


def test_delayed_events_enter_later():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(6,), levels=3),
        Delay(name="late", shape=(6,), steps=2),
        Linear(name="fc", shape=(5,), weight=rng.normal(size=(5, 6))),
        LIF(name="unit", shape=(5,), decay=0.5, threshold=0.4),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, 5))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 5)
    x = rng.integers(0, 4, (3, 5, 6))
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)
    assert not run(integers, x).raster["unit"][:, :2].any() and run(integers, x).raster["unit"].any()
