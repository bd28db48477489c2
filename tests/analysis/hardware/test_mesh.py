"""Traffic on a mesh, spike by spike and synapse by synapse in plain loops; and the energy that it costs by formula."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.hardware.mesh import Mesh, Traffic, noc_energy, place, synapse_kind, traffic
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.stepwise import Activity, populations
from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Conv2d, Graph
from snnhw.passes import compile_channels
from tests.nets import residual_net
from tests.oracle import taps

SMALL = Mesh(height=3, width=5, cores_per_tile=2, neurons_per_core=64)


def network(seed: int, plain: bool = False) -> Graph:
    net = residual_net(seed, levels=2, widths=(2, 4), size=4, plain=plain)
    graph = compile_channels(net.graph)
    rng = np.random.default_rng(seed)
    for name in [n.name for n in graph.of_type(Conv2d)]:  # some synapses of weight zero are not stored
        graph.nodes[name].weight[rng.random(graph.nodes[name].weight.shape) < 0.3] = 0
    return graph


def active(graph: Graph, seed: int, steps: int = 3) -> Activity:
    rng = np.random.default_rng(seed)
    shapes = {name: graph.nodes[name].shape for name in populations(graph)}
    spikes = {name: (rng.random((steps, *shape)) < 0.3).astype(np.uint8) for name, shape in shapes.items()}
    spikes[graph.readout.name][:] = 0
    updates = {name: rng.random((steps, *shape)) < 0.5 for name, shape in shapes.items()}
    return Activity(steps, spikes, updates, {})


def on_the_mesh(core: int, mesh: Mesh) -> tuple[int, int]:
    """(column, row) of a core, by counting tiles down the columns."""
    tile = 0
    for x in range(mesh.width):
        for y in range(mesh.height):
            if tile == core // mesh.cores_per_tile:
                return x, y
            tile += 1
    raise AssertionError


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.booleans())
def test_traffic_is_that_of_every_spike_along_every_synapse(seed: int, plain: bool) -> None:
    graph = network(seed, plain)
    activity, cores = active(graph, seed), place(graph, SMALL)
    events: Counter[str] = Counter()
    packets = hops_ew = hops_ns = 0
    for sender in populations(graph):
        sent = activity.sent(sender)
        for position in map(tuple, np.argwhere(sent)):
            reached = set()
            for edge in graph.out_of(sender):
                node = graph.nodes[edge.target]
                if isinstance(node, SYNAPSES):
                    ends = [
                        (e.target, p)
                        for p in taps(node, position, graph.nodes[sender].shape)
                        for e in graph.out_of(node.name)
                    ]
                else:
                    ends = [(node.name, position)]
                for target, place_there in ends:
                    events[synapse_kind(graph, target)] += int(sent[position])
                    reached.add(int(cores[target][place_there]))
            for core in reached:
                n, (ax, ay), (bx, by) = (
                    int(sent[position]),
                    *(on_the_mesh(int(c), SMALL) for c in (cores[sender][position], core)),
                )
                packets, hops_ew, hops_ns = packets + n, hops_ew + n * abs(ax - bx), hops_ns + n * abs(ay - by)
    found = traffic(graph, activity, cores, SMALL)
    assert packets > 0
    assert (dict(found.events), found.packets) == (dict(events), packets)
    assert (found.hops_ew, found.hops_ns) == (hops_ew, hops_ns)


def test_synapses_of_weight_zero_that_are_stored_take_events_too() -> None:
    graph = network(3)
    activity, cores = active(graph, 3), place(graph, SMALL)
    for name in [n.name for n in graph.of_type(Conv2d)]:
        graph.nodes[name].weight[graph.nodes[name].weight == 0] = 1e-9
    assert traffic(network(3), activity, cores, SMALL, zeros=True) == traffic(graph, activity, cores, SMALL)


@given(st.integers(0, 29), st.integers(0, 29), st.integers(0, 29))
def test_hops_are_a_distance(a: int, b: int, c: int) -> None:
    ab, ba, bc, ac = (SMALL.hops(*pair) for pair in ((a, b), (b, a), (b, c), (a, c)))
    assert ab == ba and all(x <= y + z for x, y, z in zip(ac, ab, bc, strict=True))
    assert (sum(ab) == 0) == (a // SMALL.cores_per_tile == b // SMALL.cores_per_tile)


def test_populations_share_no_core_and_fill_theirs_in_order() -> None:
    graph = network(0)
    cores = place(graph, SMALL)
    assert list(cores) == list(populations(graph))
    owners = [(int(core), name) for name, found in cores.items() for core in np.unique(found)]
    assert len({core for core, _ in owners}) == len(owners) and [c for c, _ in owners] == list(range(len(owners)))
    for found in cores.values():
        assert np.unique(found, return_counts=True)[1].max() <= SMALL.neurons_per_core
        assert (np.diff(found.ravel()) >= 0).all()
    few = Mesh(height=1, width=1, cores_per_tile=len(owners) - 1, neurons_per_core=64)
    sentence = rf"'network' needs {len(owners)} cores, the chip has {len(owners) - 1}; map it on several chips"
    with pytest.raises(InputError, match=sentence):
        place(graph, few)


def test_energy_is_the_formula_by_hand() -> None:
    graph, profile = network(1), load_profile("loihi1-sanafe")
    activity = active(graph, 1, steps=4)
    found = noc_energy(
        graph, activity, Traffic({"conv": 10, "dense": 5, "sparse": 2}, 7, hops_ew=3, hops_ns=11), profile
    )
    each = {name: profile[name].typical for name in profile.constants}
    neurons = sum(graph.nodes[n].size for n in populations(graph))
    fired = sum(int(activity.spikes[n].sum()) for n in populations(graph))
    assert found.synapse == pytest.approx(10 * each["synop"] + 5 * each["synop_dense"] + 2 * each["synop_sparse"])
    awake = sum(int(activity.updates[n].sum()) for n in populations(graph))
    assert 0 < awake < neurons * 4
    updates = each["neuron_update"] * neurons * 4 + each["neuron_active_extra"] * awake + each["spike_out"] * fired
    assert found.soma == pytest.approx(updates)
    assert found.network == pytest.approx(7 * each["message"] + 3 * each["hop_ew"] + 11 * each["hop_ns"])
    assert found.total == found.synapse + found.soma + found.network
