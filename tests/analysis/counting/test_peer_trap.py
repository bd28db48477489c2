"""The layer that other counters get wrong: multi-level spikes are no analogue values."""

import json
from pathlib import Path

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Readout
from tests.analysis.nets import record_of
from tests.oracle import count_events

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "peer_counters.json").read_text())
TAKEN = {"interior": (45, 21, 11), "edge": (28, 14, 4), "corner": (4, 2, 1)}  # spikes per level
SHARED = {"interior": 10, "edge": 4, "corner": 2}  # positions where levels 1 and 2 coincide


def peer_layer():
    nodes = [
        Input(name="spikes", shape=(4, 8, 8), levels=3),
        Conv2d(name="conv", shape=(8, 8, 8), weight=np.ones((8, 4, 3, 3)), padding=(1, 1)),
        MLF(name="unit", shape=(8, 8, 8), thresholds=(0.6, 1.6, 2.6), decay=0.25),
        Readout(name="readout", shape=(8, 8, 8)),
    ]
    graph = Graph.build(nodes, [("spikes", "conv"), ("conv", "unit"), ("unit", "readout")], timesteps=1)
    border = np.zeros((4, 8, 8), dtype=int)
    border[:, [0, 7], :] += 1
    border[:, :, [0, 7]] += 1
    trains = np.zeros((1, 1, 3, 4, 8, 8), dtype=np.uint8)
    for sides, (kind, (one, two, three)) in enumerate(TAKEN.items()):
        places = np.argwhere(border == sides)
        apart = one + two - SHARED[kind]
        for level, chosen in enumerate((slice(0, one), slice(one - SHARED[kind], apart), slice(apart, apart + three))):
            trains[(0, 0, level, *places[chosen].T)] = 1
    silent = np.zeros((1, 1, 3, 8, 8, 8), dtype=np.uint8)
    return graph, {"spikes": trains, "unit": silent}


def test_three_level_trains_are_counted_exactly():
    graph, raster = peer_layer()
    assert raster["spikes"].sum() == 130
    assert set(np.unique(raster["spikes"].sum(axis=2))) == {0, 1, 2}
    exact, (edge,) = GOLDEN["exact"], count(graph, record_of(graph, raster)).edges
    assert edge.unit_synops == exact["unit_synops"] == 7976
    assert list(edge.level_synops) == exact["per_level"] == [4712, 2248, 1016]
    assert edge.events == exact["graded_events"] == 7000
    assert count_events(graph, raster)["spikes", "conv", "unit"] == [7000, 7976, 3 * 7976]


def test_other_counters_say_otherwise():
    """Their frozen numbers follow from how they count: padding included, coincident spikes merged."""
    graph, raster = peer_layer()
    merged = raster["spikes"].sum(axis=2)
    taps = 9 * 8
    counters = GOLDEN["counters"]
    assert counters["spikingjelly 2.0.0"]["macs"] == merged.size * taps
    assert counters["rate x FLOPs"]["acs"] == int(merged.sum()) * taps
    assert counters["NeuroBench 2.3.0"]["macs"] == count(graph, record_of(graph, raster)).total("events")
    assert counters["sinabs 3.1.3"]["synops"] == count(graph, record_of(graph, raster)).total("unit_synops")


def test_the_artefact_is_a_factor_of_twelve():
    """84.8 nJ by dense MACs against 7.2 nJ by accumulations, for one and the same layer."""
    graph, raster = peer_layer()
    profile = load_profile("horowitz45-fp32")
    energy = estimate(count(graph, record_of(graph, raster)), profile)
    dense = GOLDEN["counters"]["spikingjelly 2.0.0"]["macs"] * profile["mac"].typical
    assert energy.split["synapse"].typical == pytest.approx(7.1784e-9, rel=1e-12)
    assert dense == pytest.approx(84.7872e-9, rel=1e-12)
    assert dense / energy.split["synapse"].typical == pytest.approx(11.81, abs=0.01)
