"""A layer that gets analogue values and spikes together multiplies their sum once: no synops beside it."""

import numpy as np
import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import deployments
from snnhw.analysis.counting.relay import relays
from snnhw.analysis.counting.streaming import count_steps
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.memory import memory_layers
from snnhw.analysis.energy.rate_times_flops import convention
from snnhw.analysis.energy.twin import ann_estimate
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.graph.ir import LIF, Conv2d, Delay, Graph, Input, Linear, Pool, Readout
from snnhw.simulation.engine import simulate

T, N = 3, 2


def mixed(*, events=False, late=False) -> Graph:
    """x -> a (4 -> 4 by the matrix `first`); x and a together -> `both` (4 -> 5) -> b -> fc -> read-out."""
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(5, 4)) * np.array([[1, 0, 1, 1]])  # one input of four meets zeros
    nodes = [
        Input(name="x", shape=(4,), levels=1 if events else None),
        Linear(name="first", shape=(4,), weight=rng.uniform(0.1, 1, (4, 4))),
        LIF(name="a", shape=(4,), decay=0.5, threshold=0.5),
        *([Delay(name="late", shape=(4,), steps=1)] if late else []),
        Linear(name="both", shape=(5,), weight=weight, bias=np.ones(5)),
        LIF(name="b", shape=(5,), decay=0.5, threshold=0.5),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 5))),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [("x", "first"), ("first", "a"), ("x", "both"), ("both", "b"), ("b", "fc"), ("fc", "readout")]
    return Graph.build(nodes, [*chain, *([("a", "late"), ("late", "both")] if late else [("a", "both")])], timesteps=T)


def counted(graph: Graph):
    rng = np.random.default_rng(1)
    shape = (N, T, *graph.input.shape)
    x = rng.integers(0, 2, shape).astype(float) if graph.input.levels else rng.normal(size=shape)
    record = simulate(graph, x, raster=True)
    assert all(unit.levels.sum() > 0 for unit in record.units.values())
    return count(graph, record), record, x


@pytest.mark.parametrize("late", [False, True])
def test_one_pass_of_multiply_accumulates_over_the_sum(late: bool) -> None:
    graph = mixed(late=late)
    counts, record, x = counted(graph)
    a, b, readout = counts.layers
    spikes = int(record.units["a"].levels.sum())
    assert (a.macs, a.unit_synops) == (N * T * 16, 0)
    assert (b.macs, b.unit_synops, b.events, b.replicated_synops, b.synapses) == (N * T * 15, 0, 0, 0, 0)
    (edge,) = b.edges
    assert (edge.source, edge.synapse, edge.summed, edge.spikes) == ("a", "both", True, spikes)
    assert readout.unit_synops == 2 * int(record.units["b"].levels.sum()) == counts.total("unit_synops")
    steps = count_steps(graph, [x])
    assert [part.total("macs") for part in steps] == [N * 31] * T
    assert sum(part.total("unit_synops") for part in steps) == counts.total("unit_synops")


def test_where_everything_is_spikes_nothing_is_multiplied() -> None:
    counts, record, _ = counted(mixed(events=True))
    a, b, _ = counts.layers
    given = record.units["x"].levels.sum(axis=0)
    fired = record.units["a"].levels.sum(axis=0)
    assert (a.macs, b.macs, a.unit_synops) == (0, 0, 4 * given.sum())
    assert b.unit_synops == 5 * (given + fired)[[0, 2, 3]].sum()
    assert not any(edge.summed for edge in counts.edges)


def test_what_prices_and_places_the_network_takes_it_so() -> None:
    graph = mixed()
    counts, record, _ = counted(graph)
    out, fired = (int(record.units[name].levels.sum()) for name in "ba")
    for work in deployments(graph, counts).values():
        assert (work.synops, work.messages) == (2 * out, out + fired)  # the spikes travel all the same
    first, both, fc = memory_layers(graph, counts)
    assert (first.macs, both.macs, fc.macs) == (T * 16, T * 15, 0)
    assert (both.synops, both.spikes_in) == (0, 0) and N * fc.synops == 2 * out
    usual = convention(graph, counts)
    assert (usual.first_flops, usual.unit_synops) == (16 + 20, 2 * out / N)
    assert usual.rate_synops == pytest.approx(2 * out / N)
    assert relays(graph, record) == ()
    energy = estimate(counts, load_profile("horowitz45-fp32"))
    priced = {(t.layer, t.quantity): t.count.typical for t in energy.terms}
    assert priced["b", "macs"] == T * 15 and not any("synops" in q for layer, q in priced if layer == "b")
    twin = ann_estimate(counts, load_profile("horowitz45-fp32"), "fp32")
    assert twin.macs == T * (16 + 20 + 10)  # frame by frame
    for name in available_profiles():
        assert estimate(counts, load_profile(name)).per_inference.typical > 0
    placed = {layer.name: layer.demand for layer in map_network(graph, load_chip("loihi1")).layers}
    assert placed["b"].in_axons == 4  # a chip that adds spikes up itself has their axons and synapses


def test_a_pool_over_both_adds_its_windows_up_and_nothing_else() -> None:
    nodes = [
        Input(name="x", shape=(1, 4, 4)),
        Conv2d(name="conv", shape=(1, 4, 4), weight=np.ones((1, 1, 1, 1))),
        LIF(name="a", shape=(1, 4, 4), decay=0.5, threshold=0.2),
        Pool(name="pool", shape=(1, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)),
        LIF(name="b", shape=(1, 2, 2), decay=0.5, threshold=0.2),
        Readout(name="readout", shape=(1, 2, 2)),
    ]
    edges = [("x", "conv"), ("conv", "a"), ("a", "pool"), ("conv", "pool"), ("pool", "b"), ("b", "readout")]
    counts, _, _ = counted(Graph.build(nodes, edges, timesteps=T))
    _, b = counts.layers
    assert (b.pool_adds, b.unit_synops, b.macs) == (N * T * 16, 0, 0)
    assert counts.total("macs") == N * T * 16


def test_the_module_of_torch_multiplies_the_sum_once() -> None:
    """The oracle of the rule: operations that torch runs for a layer on a + s are those of one dense pass."""
    from torch.utils.flop_counter import FlopCounterMode

    layer, dense, spikes = torch.nn.Linear(4, 5, bias=False), torch.randn(6, 4), torch.randint(0, 2, (6, 4)).float()
    with FlopCounterMode(display=False) as counter:
        layer(dense + spikes)
    assert counter.get_total_flops() == 2 * 6 * 20  # a multiplication and an addition for each of 20 weights
