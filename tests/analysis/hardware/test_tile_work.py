"""Work of every core: its sums are the counts of the layers, and one small network by hand, core by core."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import work
from snnhw.analysis.counting.fanout import fanout
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.tile_work import tile_ids, tile_work
from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, MaxPool, Pool, Readout, Scale
from snnhw.passes import FLOAT, compile_channels, on_cores, run_passes
from snnhw.passes.fold_pool import fold_pool
from snnhw.rules.ways import LAVA, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.synapses import apply_node
from tests.analysis.nets import networks, random_raster, record_of
from tests.rules.graphs import random_graph

CHIP = dataclasses.replace(load_chip("loihi1"), compartments_per_core=40)  # so that layers need several cores


@settings(max_examples=25, deadline=None)
@given(networks(), st.sampled_from(["channels", "shared", "graded"]), st.integers(0, 2**31))
def test_sums_over_the_cores_are_the_counts_of_the_layers(graph, deployment, seed) -> None:
    graph = fold_pool(graph)
    record = record_of(graph, random_raster(graph, np.random.default_rng(seed), samples=3))
    try:
        mapping = map_network(graph, CHIP, deployment)
    except InputError:
        assume(False)
    found, counts = tile_work(graph, mapping, record), count(graph, record)
    assert len(found.layers) == mapping.cores
    for layer in counts.layers:
        on = np.array([name == layer.name for name in found.layers])
        synops = sum(kind[on].sum() for kind in found.synops.values())
        assert synops * 3 == pytest.approx(work(layer, counts, deployment).synops + extra(layer, counts, deployment))
        assert found.compartments[on].sum() * 3 * counts.timesteps == layer.neuron_updates
        assert found.compartments[on].max() <= CHIP.compartments_per_core
        assert found.spikes[on].sum() * 3 == pytest.approx(sum(layer.spikes))
        assert found.received[on].max() <= found.received[on].sum() <= len(on[on]) * packets(layer, deployment)


def packets(layer, deployment) -> float:
    """The most that one core can take in, of a mean sample."""
    edges = layer.edges + layer.shared
    return sum(edge.graded_spikes if deployment == "graded" else edge.spikes for edge in edges) / 3 + 1e-9


def extra(layer, counts, deployment) -> int:
    """Synops of shared sums: every population has synapses of its own on cores, whatever the counting computes once."""
    if deployment == "channels":
        return 0
    per = {"shared": lambda edge: sum(edge.level_synops), "graded": lambda edge: edge.events}[deployment]
    return sum(per(edge) for edge in layer.shared)


def test_two_tiles_by_hand() -> None:
    """4 neurons on two cores behind a kernel of 3; two spikes at the left end, one in the middle, of two samples.

    The left core holds neurons 0 and 1, the right one 2 and 3. A spike at 0 meets neurons 0 and 1, one at 2 meets 1, 2
    and 3, so that core 0 does 2 + 2 + 1 synops and takes three packets, core 1 does 2 and takes one.
    """
    nodes = [
        Input(name="events", shape=(1, 1, 4), levels=1),
        Conv2d(name="conv", shape=(1, 1, 4), weight=np.ones((1, 1, 1, 3)), padding=(0, 1)),
        LIF(name="lif", shape=(1, 1, 4), decay=0.5, threshold=1.0),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 4))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=2)
    raster = {"events": np.zeros((2, 2, 1, 1, 1, 4), np.uint8), "lif": np.zeros((2, 2, 1, 1, 1, 4), np.uint8)}
    raster["events"][0, :, 0, 0, 0, 0] = 1
    raster["events"][1, 0, 0, 0, 0, 2] = 1
    raster["lif"][1, 1, 0, 0, 0, 3] = 1
    mapping = map_network(graph, dataclasses.replace(load_chip("loihi1"), compartments_per_core=2))
    assert [layer.cores for layer in mapping.layers] == [2, 1]
    found = tile_work(graph, mapping, record_of(graph, raster))
    assert found.layers == ("lif", "lif", "readout")
    assert (found.synops["conv"] * 2).tolist() == [5, 2, 0]
    assert (found.synops["dense"] * 2).tolist() == [0, 0, 2]
    assert (found.received * 2).tolist() == [3, 1, 1]
    assert (found.sent * 2).tolist() == [0, 1, 0] and (found.spikes * 2).tolist() == [0, 1, 0]
    assert found.compartments.tolist() == [2, 2, 2]
    assert [found.core_of(core) for core in range(3)] == [("lif", 0), ("lif", 1), ("readout", 0)]
    silent = tile_work(graph, mapping)
    assert silent.compartments.tolist() == [2, 2, 2] and not silent.received.any() and not silent.synops["conv"].any()


def test_positions_are_numbered_by_channel_row_and_column() -> None:
    ids = tile_ids((2, 2, 3), (2, 1, 2))
    assert ids.tolist() == [[[0, 0, 1], [0, 0, 1]], [[2, 2, 3], [2, 2, 3]]]
    assert tile_ids((5,), (1, 1, 2)).tolist() == [0, 0, 0, 1, 1]


def test_the_fan_out_oracle_agrees_on_strided_convolutions() -> None:
    rng = np.random.default_rng(5)
    conv = Conv2d(name="c", shape=(4, 3, 3), weight=rng.normal(size=(4, 2, 3, 3)), stride=(2, 2), padding=(1, 1))
    nodes = [
        Input(name="events", shape=(2, 6, 6), levels=1),
        conv,
        LIF(name="lif", shape=(4, 3, 3), decay=0.5, threshold=1.0),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 36))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=1)
    record = record_of(graph, random_raster(graph, rng, samples=1, density=0.5))
    mapping = map_network(graph, dataclasses.replace(CHIP, compartments_per_core=10))
    found, ids = tile_work(graph, mapping, record), tile_ids((4, 3, 3), mapping.layers[0].tiles)
    spikes = record.units["events"].levels.sum(axis=0)
    for core in range(mapping.layers[0].cores):
        fan = fanout([conv], (2, 6, 6), ids == core)
        assert found.synops["conv"][core] == (fan * spikes).sum()
        assert found.received[core] == ((fan > 0) * spikes).sum()


def between(*nodes, size=6) -> Graph:
    """Input [2, size, size], neurons `a` of that shape, `nodes`, neurons `b` behind them, a matrix, the read-out."""
    shape, rng = (2, size, size), np.random.default_rng(2)
    last = int(np.prod(nodes[-1].shape))
    chain = [
        Input(name="input", shape=shape),
        Conv2d(name="stem", shape=shape, weight=rng.normal(size=(2, 2, 1, 1))),
        MLF(name="a", shape=shape, thresholds=(0.5, 1.5), decay=0.25),
        *nodes,
        MLF(name="b", shape=nodes[-1].shape, thresholds=(0.5, 1.5), decay=0.25),
        Flatten(name="flat", shape=(last,)),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, last))),
        Readout(name="readout", shape=(3,)),
    ]
    return Graph.build(chain, [Edge(one.name, other.name) for one, other in pairwise(chain)], 3)


CONV = Conv2d(name="conv", shape=(3, 4, 4), weight=np.random.default_rng(3).normal(size=(3, 2, 3, 3)))
BEHIND = {
    "average": (CONV, Pool(name="pool", kind="avg", shape=(3, 2, 2), kernel=(2, 2), stride=(2, 2))),
    "overlapping": (CONV, Pool(name="pool", kind="avg", shape=(3, 2, 2), kernel=(3, 3), stride=(1, 1))),
    "sum": (CONV, Pool(name="pool", kind="sum", shape=(3, 2, 2), kernel=(2, 2), stride=(2, 2))),
    "scaled": (CONV, Scale(name="scale", shape=CONV.shape, scale=0.5),
               Pool(name="pool", kind="avg", shape=(3, 2, 2), kernel=(2, 2), stride=(2, 2))),
    "in front": (Pool(name="pool", kind="avg", shape=(2, 3, 3), kernel=(2, 2), stride=(2, 2)),
                 Conv2d(name="conv", shape=(3, 2, 2), weight=np.ones((3, 2, 2, 2)))),
    "two matrices": (Flatten(name="row", shape=(72,)),
                     Linear(name="one", shape=(20,), weight=np.random.default_rng(4).normal(size=(20, 72))),
                     Linear(name="two", shape=(7,), weight=np.random.default_rng(5).normal(size=(7, 20)))),
}  # fmt: skip


@pytest.mark.parametrize("kind", BEHIND)
def test_a_spike_costs_a_synop_for_each_neuron_whose_drive_it_moves(kind) -> None:
    """What lies between two populations is run on one spike at each position, and what it changes is counted."""
    graph = between(*BEHIND[kind])
    record = record_of(graph, random_raster(graph, np.random.default_rng(6), samples=3))
    ready = on_cores(graph)
    found = tile_work(ready, map_network(ready, CHIP), record)
    moved = torch.eye(72, dtype=torch.float64).reshape(1, 72, 2, 6, 6)
    for node in BEHIND[kind]:
        moved = apply_node(node, moved)
    reached = (moved[0].flatten(1).abs() > 1e-12).sum(dim=1).numpy()
    fired = record.raster["a"].sum(axis=(0, 1, 2)).ravel()
    on = np.array([name == "b" for name in found.layers])
    made = sum(kind[on].sum() for kind in found.synops.values())
    assert made * 3 == (fired * reached).sum() * 2  # each of the two levels has synapses of its own


REFUSED = {
    "padded pool": (
        CONV,
        Pool(name="pool", kind="avg", shape=CONV.shape, kernel=(3, 3), stride=(1, 1), padding=(1, 1)),
    ),
    "pool alone": (Pool(name="pool", kind="avg", shape=(2, 3, 3), kernel=(2, 2), stride=(2, 2)),),
    "flattened": (CONV, Flatten(name="row", shape=(48,))),
    "layers": (CONV, Conv2d(name="again", shape=(2, 4, 4), weight=np.ones((2, 3, 1, 1)))),
    "integrator": (LI(name="li", shape=(2, 6, 6), decay=0.5, leak=0.0, gain=1.0), CONV),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_chip_does_not_run_has_no_mapping(kind) -> None:
    with pytest.raises(InputError, match=r"pool|row|takes the sums of conv|takes the sums of li"):
        map_network(on_cores(between(*REFUSED[kind])), CHIP)


BESIDE = Linear(name="fc", shape=(4,), weight=np.random.default_rng(7).normal(size=(4, 4)))


@pytest.mark.parametrize("current_of", ["", "b"])
def test_an_integrator_beside_spikes_is_no_current_of_a_compartment(current_of: str) -> None:
    """Its membranes would be a population of their own, of which no core had the compartments."""
    nodes = [
        Input(name="input", shape=(4,), levels=1),
        Linear(name="stem", shape=(4,), weight=np.eye(4)),
        MLF(name="a", shape=(4,), thresholds=(0.5,), decay=0.25),
        BESIDE,
        LI(name="li", shape=(4,), decay=0.5, current_of=current_of),
        MLF(name="b", shape=(4,), thresholds=(0.5, 1.5), decay=0.25),
        Readout(name="readout", shape=(4,)),
    ]
    graph = Graph.build(nodes, [Edge(one.name, other.name) for one, other in pairwise(nodes)], 3)
    with_spikes = graph.replace(edges=(*graph.edges, Edge("a", "b")))
    with pytest.raises(InputError, match=r"'li' does not fit .*: its membranes enter b, and"):
        map_network(on_cores(with_spikes), CHIP)
    if current_of:
        assert [row.name for row in map_network(on_cores(graph), CHIP).layers] == ["a", "b"]
    assert bool(refusals(graph, LAVA)) == (not current_of) and refusals(with_spikes, LAVA)


def test_a_mapping_has_the_synops_of_the_compiled_network() -> None:
    """On random graphs, broken ones among them: those that a chip takes both ways count the same in every layer."""
    both = 0
    for seed in range(60):
        graph = random_graph(seed)
        if refusals(graph, LAVA) or graph.of_type(LI, MaxPool):
            continue
        both += 1
        x = np.random.default_rng(seed).normal(0, 2, (2, graph.timesteps, *graph.input.shape))
        x = x if graph.input.levels is None else np.clip(np.rint(abs(x)), 0, graph.input.levels)
        ready, channels = on_cores(run_passes(graph, FLOAT)), compile_channels(graph)
        work = tile_work(ready, map_network(ready, CHIP), simulate(ready, x))
        ours = dict.fromkeys(work.layers, 0.0)
        for kind in work.synops.values():
            for name, made in zip(work.layers, kind, strict=True):
                ours[name] += 2 * made
        theirs = dict.fromkeys(work.layers, 0)
        for edge in count(channels, simulate(channels, x)).edges:
            if edge.target in theirs and not edge.summed:
                theirs[edge.target] += edge.replicated_synops
        assert {name: round(made) for name, made in ours.items()} == theirs
    assert both > 15
