"""Counts against the brute-force oracle, and the laws that exact counts obey."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Graph, Input, Norm, Pool, Readout
from snnhw.passes.decompose import decompose
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses
from snnhw.simulation.engine import simulate
from tests.analysis.nets import networks, random_raster, record_of, small_net
from tests.oracle import computed_once, count_events, taps

SEED = st.integers(0, 2**32 - 1)


def tally(counts):
    """As the oracle tells it: (source, synapse, target) -> [e, u, K*u], branches through other pools added up."""
    found = {}
    for edge in (edge for layer in counts.layers for edge in (*layer.edges, *layer.shared)):
        key = edge.source, edge.synapse, edge.target
        now = (edge.events, edge.unit_synops, edge.replicated_synops)
        found[key] = [a + b for a, b in zip(found.get(key, (0, 0, 0)), now, strict=True)]
    return {key: row for key, row in found.items() if any(row)}


def totals(counts):
    return [counts.total(key) for key in ("events", "unit_synops", "replicated_synops")]


@settings(max_examples=60, deadline=None)
@given(networks(), SEED)
def test_counts_equal_the_oracle(graph, seed):
    raster = random_raster(graph, np.random.default_rng(seed))
    expected = {key: row for key, row in count_events(graph, raster).items() if any(row)}
    counts, once = count(graph, record_of(graph, raster)), computed_once(expected).values()
    assert tally(counts) == expected
    assert totals(counts) == [
        sum(e for e, _ in once),
        sum(u for _, u in once),
        sum(ku for _, _, ku in expected.values()),
    ]


@settings(max_examples=25, deadline=None)
@given(networks(), SEED)
def test_every_form_of_a_network_counts_the_same(graph, seed):
    """Multi-level, decomposed into channels, and with the pool folded into the read-out."""
    record = record_of(graph, random_raster(graph, np.random.default_rng(seed)))
    whole = count(graph, record).to_dict()
    channels = count(decompose(graph), record).to_dict()
    folded = count(fold_pool(decompose(graph)), record).to_dict()
    assert channels == whole
    sizes = ("params", "weight_bits")  # the unpooled read-out stores more weights
    for a, b in zip(folded["layers"], whole["layers"], strict=True):
        assert {k: v for k, v in a.items() if k not in sizes} == {k: v for k, v in b.items() if k not in sizes}


@settings(max_examples=25, deadline=None)
@given(networks(), SEED)
def test_identity_synapses_change_no_number(graph, seed):
    """The pass makes synapse nodes out of direct connections; the work and the ANN twin stay as they were."""
    record = record_of(graph, random_raster(graph, np.random.default_rng(seed)))
    whole, hardware = (count(g, record).to_dict()["totals"] for g in (graph, identity_synapses(graph)))
    assert hardware == whole


@settings(max_examples=20, deadline=None)
@given(networks(), SEED)
def test_counts_add_up_over_samples_and_steps(graph, seed):
    raster = random_raster(graph, np.random.default_rng(seed), samples=3)
    whole = count(graph, record_of(graph, raster))
    parts = [count(graph, record_of(graph, {n: r[i : i + 1] for n, r in raster.items()})) for i in range(3)]
    assert parts[0].merge(parts[1]).merge(parts[2]) == whole
    by_step = [
        count(
            graph.replace(timesteps=1),
            record_of(graph.replace(timesteps=1), {n: r[:, t : t + 1] for n, r in raster.items()}),
        )
        for t in range(graph.timesteps)
    ]
    for key in ("events", "unit_synops", "replicated_synops", "macs", "neuron_updates", "bias_adds"):
        assert sum(part.total(key) for part in by_step) == whole.total(key)


@settings(max_examples=20, deadline=None)
@given(networks(), SEED)
def test_more_levels_per_event_never_cost_fewer_units(graph, seed):
    """e <= u <= K*u, and for K = 1 everywhere (without doubled shortcuts) all three are one number."""
    counts = count(graph, record_of(graph, random_raster(graph, np.random.default_rng(seed))))
    for edge in counts.edges:
        assert edge.events <= edge.unit_synops <= edge.replicated_synops
    for layer in counts.layers:
        assert layer.graded_spikes <= sum(layer.spikes)
        assert [sum(level) for level in layer.spikes_t] == list(layer.spikes)


@settings(max_examples=25, deadline=None)
@given(networks(), st.integers(1, 3))
def test_analogue_first_layer_counts_in_bounds_taps_at_every_step(graph, samples):
    record = record_of(graph, random_raster(graph, np.random.default_rng(0), samples))
    stem = graph.nodes["stem"]
    every = np.argwhere(np.ones(graph.input.shape)).tolist()
    used = sum(len(taps(stem, tuple(p), graph.input.shape)) for p in every)
    counts = count(graph, record)
    macs = 0 if graph.input.levels else used * graph.timesteps * samples
    assert counts.layers[0].macs == counts.total("macs") == macs
    assert counts.layers[0].kind == ("spiking" if graph.input.levels else "first")


def test_simulated_network_counts_as_its_raster_says():
    rng = np.random.default_rng(3)
    graph = small_net()
    record = simulate(graph, rng.normal(size=(4, 2, 6, 6)) * 2, raster=True)
    counts = count(graph, record)
    assert tally(counts) == count_events(graph, record.raster)
    assert counts.total("unit_synops") > counts.total("events") > 0
    first, body, readout = counts.layers
    assert (first.kind, body.kind, readout.kind) == ("first", "spiking", "readout")
    assert first.neuron_updates == 4 * 3 * 3 * 36 * 4  # samples * T * K * positions * channels
    assert readout.replicated_synops == readout.unit_synops
    assert first.bias_adds == 4 * 3 * 3 * 36  # three of the four biases are not zero
    # ANN twin: in-bounds taps of a 3x3 same conv on 6x6 are (3*6 - 2)^2 = 256 per channel pair
    assert [layer.dense_macs for layer in counts.layers] == [256 * 8, 256 * 8, 5 * 2]


def test_pool_on_currents_is_counted_as_additions():
    """conv -> avg pool -> neuron: synops end at the conv, the pool adds every step."""
    nodes = [
        Input(name="input", shape=(1, 4, 4), levels=1),
        Conv2d(name="conv", shape=(2, 4, 4), weight=np.ones((2, 1, 1, 1))),
        Pool(name="pool", shape=(2, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)),
        LIF(name="lif", shape=(2, 2, 2), decay=0.5, threshold=1.0),
        Readout(name="readout", shape=(2, 2, 2)),
    ]
    names = [node.name for node in nodes]
    graph = Graph.build(nodes, list(pairwise(names)), timesteps=3)
    raster = random_raster(graph, np.random.default_rng(1), samples=2, density=0.5)
    counts = count(graph, record_of(graph, raster))
    assert [layer.name for layer in counts.layers] == ["lif"]
    assert counts.total("pool_adds") == 2 * 3 * 32
    assert counts.total("unit_synops") == 2 * int(raster["input"].sum())


def test_wrong_inputs_are_refused_with_the_remedy():
    graph = small_net()
    raster = random_raster(graph, np.random.default_rng(0))
    with pytest.raises(InputError, match="lacks unit 'body_mlf'"):
        count(graph, record_of(graph, {"stem_mlf": raster["stem_mlf"]}))
    with pytest.raises(InputError, match="not \\(3, 4, 6, 6\\)"):
        count(graph, record_of(graph, {**raster, "stem_mlf": raster["body_mlf"]}))
    norm = Norm(
        name="bn", shape=(4, 6, 6), gamma=np.ones(4), beta=np.ones(4), mean=np.ones(4), var=np.ones(4), eps=1e-5
    )
    with pytest.raises(InputError, match="count the graph of model_of, which has it in its weights"):
        count(graph.replace(nodes=[*graph.nodes.values(), norm]), record_of(graph, raster))
    with pytest.raises(InputError, match="do not add up"):
        shorter = record_of(graph.replace(timesteps=2), {name: r[:, :2] for name, r in raster.items()})
        count(graph, record_of(graph, raster)).merge(count(graph, shorter))


def test_channels_fed_differently_are_refused():
    graph = decompose(small_net())
    edges = [e for e in graph.edges if e != Edge("body", "body_mlf_l2")]
    with pytest.raises(InputError, match="channels of unit 'body_mlf'"):
        count(graph.replace(edges=edges), record_of(graph, random_raster(graph, np.random.default_rng(0))))


def test_integer_events_of_the_input_are_recorded_by_the_engine():
    """Values 0..3 of an event input: e counts where, u how much; a static frame counts at every step."""
    nodes = [
        Input(name="x", shape=(2, 5, 5), levels=3),
        Conv2d(name="conv", shape=(2, 5, 5), weight=np.ones((2, 2, 1, 1))),
        MLF(name="u", shape=(2, 5, 5), thresholds=(0.6,), decay=0.25),
        Readout(name="readout", shape=(2, 5, 5)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=4)
    frames = np.random.default_rng(0).integers(0, 4, (3, 4, 2, 5, 5))
    (edge,) = count(graph, simulate(graph, frames.astype(float))).edges
    assert (edge.events, edge.unit_synops) == (2 * (frames > 0).sum(), 2 * frames.sum())
    (edge,) = count(graph, simulate(graph, frames[:, 0].astype(float))).edges
    assert (edge.events, edge.unit_synops) == (8 * (frames[:, 0] > 0).sum(), 8 * frames[:, 0].sum())


def test_two_parallel_edges_send_twice_and_a_gain_of_two_sends_once():
    graph = small_net()
    record = record_of(graph, random_raster(graph, np.random.default_rng(4)))
    single = count(graph, record).layers[1]
    for form in (graph, decompose(graph)):
        extra = [e for e in form.edges if e.target == "body"]
        twice = count(form.replace(edges=(*form.edges, *extra)), record).layers[1]
        edges = [Edge(e.source, e.target, 2) if e.target == "body" else e for e in form.edges]
        doubled = count(form.replace(edges=edges), record).layers[1]
        assert len(twice.edges) == 2 and len(doubled.edges) == 1
        assert twice.unit_synops == doubled.unit_synops == 2 * single.unit_synops
        assert (twice.events, doubled.events) == (2 * single.events, single.events)


def test_levels_that_are_not_connected_send_nothing():
    """Level 1 is cut off: what is left are the spikes of levels 2 and 3, and as graded events those of level 2."""
    graph = small_net()
    raster = random_raster(graph, np.random.default_rng(4), density=0.6)
    cut = decompose(graph)
    cut = cut.replace(edges=[e for e in cut.edges if e != Edge("stem_mlf_l1", "body")])
    (edge,) = count(cut, record_of(graph, raster)).layers[1].edges
    whole = count(graph, record_of(graph, raster)).layers[1].edges[0]
    assert edge.level_synops == (0, *whole.level_synops[1:])
    assert edge.events == edge.level_synops[1] > edge.level_synops[2] > 0
