"""Published runs on a mesh of cores: W5, the DVS network that comes with SANA-FE, and W6, a run known by its counts."""

import dataclasses
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest

from analysis.noc import Traffic, noc_energy, traffic
from analysis.profiles import load_profile
from analysis.stepwise import Activity, run_stepwise
from snnhw.graph.ir import LIF, Conv2d, Graph, Input, Linear

NJ, UJ, MJ = 1e-9, 1e-6, 1e-3
DVS_SHAPES = ((1, 32, 32), (16, 15, 15), (32, 13, 13), (64, 11, 11), (11, 9, 9), (11,))
DVS_CORES = (1, 4, 16, 16, 4, 1)
DENSE_ALONE = "dense"  # the first synapse unit of the architecture takes all events where none is named


def dvs_network():
    """32x32 image as a bias, four convolutions without padding, one dense layer; weights [y, x, in, out]."""
    with files("sanafe.examples").joinpath("dvs_challenge.npz").open("rb") as file:
        data = dict(np.load(file))
    units = [
        LIF(name=f"unit{i}", shape=shape, decay=1.0, threshold=float(threshold))
        for i, (shape, threshold) in enumerate(zip(DVS_SHAPES, data["thresholds"], strict=True))
    ]
    synapses = [Conv2d(name="pixel", shape=(1, 32, 32), weight=np.ones((1, 1, 1, 1)))]
    for i, stride in enumerate((2, 1, 1, 1), start=1):
        weight = data[f"conv{i}"].transpose(3, 2, 0, 1).astype(np.float64)
        synapses.append(Conv2d(name=f"conv{i}", shape=DVS_SHAPES[i], weight=weight, stride=(stride, stride)))
    synapses.append(Linear(name="dense", shape=(11,), weight=data["dense1"].T.astype(np.float64)))
    nodes = [Input(name="image", shape=(1, 32, 32))]
    for synapse, unit in zip(synapses, units, strict=True):
        nodes += [synapse, unit]
    graph = Graph.build(nodes, pairwise(node.name for node in nodes), timesteps=1000)
    return graph, units, data["inputs"].reshape(1, 32, 32)


def even_cores(units, counts):
    """Each population in equal runs of neurons over so many cores, one population after the other."""
    cores, first = {}, 0
    for unit, count in zip(units, counts, strict=True):
        own = np.minimum(np.arange(unit.size) // (unit.size // count), count - 1)
        cores[unit.name], first = (first + own).reshape(unit.shape), first + count
    return cores


@pytest.mark.slow
def test_w5_dvs_gestures_on_42_cores():
    """1000 steps: 365,277 spikes, 51,549,374 events, 2,482,643 packets, 3.440570683 mJ, all from our own run."""
    graph, units, image = dvs_network()
    activity = run_stepwise(graph, image, 1000, zeros=True)
    assert sum(int(activity.sent(unit.name).sum()) for unit in units) == 365277
    found = traffic(graph, activity, even_cores(units, DVS_CORES), zeros=True)
    events = sum(found.events.values())
    assert (events, found.packets) == (51_549_374, 2_482_643)
    energy = noc_energy(
        graph, activity, dataclasses.replace(found, events={DENSE_ALONE: events}), load_profile("loihi1-sanafe")
    )
    assert energy.total == pytest.approx(3.440570683 * MJ, abs=5e-10 * MJ)
    assert energy.synapse == pytest.approx(1.830003 * MJ, abs=5e-7 * MJ)
    assert energy.soma == pytest.approx(1.317286 * MJ, abs=5e-7 * MJ)
    assert energy.network == pytest.approx(0.293282 * MJ, abs=5e-7 * MJ)


def three_layers():
    nodes = [
        Input(name="events", shape=(2, 12, 12), levels=1),
        Conv2d(name="conv1", shape=(4, 10, 10), weight=np.ones((4, 2, 3, 3))),
        LIF(name="one", shape=(4, 10, 10), decay=0.25, threshold=1.0),
        Conv2d(name="conv2", shape=(4, 4, 4), weight=np.ones((4, 4, 3, 3)), stride=(2, 2)),
        LIF(name="two", shape=(4, 4, 4), decay=0.25, threshold=1.0),
        Linear(name="dense", shape=(5,), weight=np.ones((5, 64))),
        LIF(name="three", shape=(5,), decay=0.25, threshold=1.0),
    ]
    return Graph.build(nodes, pairwise(node.name for node in nodes), timesteps=20)


def test_w6_three_layers_from_their_counts():
    """20 steps: 1194 input spikes, 4465, 988 and 85 of the layers, 60,892 events, 5827 packets: 3.238 uJ in all.

    The weights are not published, so the spikes are put where they make the published events and packets:
    from a position that reaches all nine taps or one (convolution 1), four, one or no output position (convolution 2).
    How many neurons were updated is not published either; the energy of the somas fixes it to within its last digit.
    """
    graph = three_layers()
    events = np.zeros((2, 12, 12), dtype=np.int64)
    events[0, 5, 5], events[0, 0, 0] = 1000, 194  # 36 and 4 synapses each
    one = np.zeros((4, 10, 10), dtype=np.int64)
    one[0, 2, 2], one[0, 0, 0], one[0, 9, 9] = 383, 3262, 820  # 16, 4 and no synapses
    two = np.full((4, 4, 4), 15, dtype=np.int64)
    two[0, 0, 0] += 28
    sent = {"events": events, "one": one, "two": two, "three": np.full(5, 17)}
    assert [int(spikes.sum()) for spikes in sent.values()] == [1194, 4465, 988, 85]
    activity = Activity(20, {name: spikes[None] for name, spikes in sent.items()}, updated=8794)
    tiles = {name: np.full(spikes.shape, core) for (name, spikes), core in zip(sent.items(), (0, 1, 4, 8), strict=True)}
    found = traffic(graph, activity, tiles)
    assert found == Traffic({"conv": 60_892 - 988 * 5, "dense": 988 * 5}, 5827, hops_ew=0, hops_ns=4633)
    energy = noc_energy(graph, activity, found, load_profile("loihi1-sanafe"))
    assert energy.synapse == pytest.approx(1.518 * UJ, abs=0.5 * NJ)
    assert energy.network == pytest.approx(0.666 * UJ, abs=0.5 * NJ)
    assert energy.network - 5827 * 111e-12 == pytest.approx(19.4586 * NJ, rel=1e-9)
    assert energy.soma == pytest.approx(1.054 * UJ, abs=0.5 * NJ)
    assert energy.total == pytest.approx(3.238 * UJ, abs=0.5 * NJ)
    without = noc_energy(graph, dataclasses.replace(activity, updated=0), found, load_profile("loihi1-sanafe"))
    neurons = (4 * 100 + 64 + 5) * 20
    assert without.soma < 1.054 * UJ < without.soma + neurons * 21.6e-12
