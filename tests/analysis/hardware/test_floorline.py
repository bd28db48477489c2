"""Bounds by hand, one for each part that can bind; and the bound against SANA-FE's timing and the even spread."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.core_time import COMPUTE, MEMORY, TRAFFIC
from snnhw.analysis.hardware.floorline import BARRIER, Place, floorline, lacking_times, no_bound
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.tile_work import TileWork
from snnhw.graph.ir import LIF, Graph, Input, Linear, Readout

NS, US = 1e-9, 1e-6
SANAFE = load_profile("loihi1-sanafe")


def case(**changes):
    """Three steps of 40 inputs, 600 neurons on two cores and a read-out: depth 2, so a sample takes 4 steps."""
    nodes = [
        Input(name="events", shape=(40,), levels=1),
        Linear(name="one", shape=(600,), weight=np.ones((600, 40))),
        LIF(name="lif", shape=(600,), decay=0.5, threshold=1.0),
        Linear(name="fc", shape=(10,), weight=np.ones((10, 600))),
        Readout(name="readout", shape=(10,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=3)
    mapping = map_network(graph, dataclasses.replace(load_chip("loihi1"), compartments_per_core=300))
    zeros = np.zeros(3)
    work = {
        "synops": {"conv": zeros, "dense": zeros, "sparse": zeros}, "received": zeros, "sent": zeros,
        "compartments": np.array([300.0, 300.0, 10.0]), "spikes": zeros,
    }  # fmt: skip
    work |= {name: np.array(value, dtype=float) for name, value in changes.items() if name != "synops"}
    if "synops" in changes:
        work["synops"] = {"conv": zeros, "dense": np.array(changes["synops"], dtype=float), "sparse": zeros}
    return graph, TileWork(("lif", "lif", "readout"), **work), mapping


def bound(profile=SANAFE, counted=True, **changes):
    return floorline(*(case(**changes)), profile, counted=counted)


def test_compute_binds_by_hand() -> None:
    """300 compartments at 6.0 ns, active ones 3.7 more, and one tile that waits 0.6 us; no spike changes anything."""
    found = bound(counted=False)
    assert found.step.ends == pytest.approx((1.8 * US + 0.6 * US, *(300 * 9.7 * NS + 0.6 * US,) * 2))
    assert found.sample.typical == pytest.approx(4 * (300 * 9.7 * NS + 0.6 * US))
    assert (found.steps, found.binds, found.place) == (4, COMPUTE, Place("lif", 0))
    assert found.sentence == "as long as nothing fires, updates of neurons bind, on core 1 of layer lif"
    assert "fewer spikes will not make it faster" in bound().sentence


def test_memory_binds_by_hand() -> None:
    """9,000 synops a sample on the second core are 3,000 a step at 3.8 ns; the first has 600 and does not matter."""
    found = bound(synops=[600, 9000, 300])
    assert found.step.typical == pytest.approx(3000 * 3.8 * NS + 0.6 * US)
    assert found.sample.typical == pytest.approx(9000 * 3.8 * NS + 4 * 0.6 * US)
    assert found.serial.typical == pytest.approx(3000 * 3.8 * NS + 300 * 9.7 * NS + 0.6 * US)
    assert (found.binds, found.place) == (MEMORY, Place("lif", 1))
    assert [row.memory for row in found.layers] == pytest.approx([11.4 * US, 0.38 * US])


def test_traffic_binds_by_hand() -> None:
    """1,200 packets a sample into the first core at 16 ns are 400 a step."""
    found = bound(received=[1200, 0, 0], synops=[300, 0, 0])
    assert found.step.typical == pytest.approx(400 * 16 * NS + 100 * 3.8 * NS + 0.6 * US)
    assert (found.binds, found.place) == (TRAFFIC, Place("lif", 0))
    assert "fewer spikes into and out of that core" in found.sentence


def test_the_barrier_binds_by_hand() -> None:
    found = bound(compartments=[10, 10, 10])
    assert found.step.typical == pytest.approx(10 * 9.7 * NS + 0.6 * US)
    assert (found.binds, found.sentence) == (
        BARRIER, "the barrier at the end of each step binds: less work will not make it faster; fewer steps will"
    )  # fmt: skip


def test_a_chip_of_which_the_barrier_alone_is_known() -> None:
    """Loihi 2: 1.164 us a step, measured; what a core takes for its work is in no source that was read."""
    found = bound(load_profile("loihi2"), synops=[9000, 0, 0])
    assert found.step.ends == found.serial.ends == pytest.approx((1.164 * US,) * 3)
    assert (found.binds, found.place, found.layers) == (BARRIER, None, ())
    assert found.lacking == ("synop_time", "neuron_time", "message_in_time", "message_out_time")
    assert "what the work of a core takes is not" in found.sentence


def test_profiles_without_times_bound_nothing_and_say_so() -> None:
    for name in ("speck", "truenorth", "darwin3", "spinnaker2", "odin", "horowitz45-fp32"):
        assert no_bound(load_profile(name)) == (
            f"no times of a core or of a step are published that {name} holds, so there is no bound"
        )
    for name in ("loihi1-davies2018", "loihi1-sanafe", "loihi2"):
        assert no_bound(load_profile(name)) == ""
    assert lacking_times(SANAFE) == ()
    assert lacking_times(load_profile("loihi1-davies2018")) == ("message_in_time", "message_out_time")


def test_the_sum_over_the_network_does_not_matter_but_the_busiest_core_does() -> None:
    alone, spread = bound(synops=[9000, 0, 0]), bound(synops=[4500, 4500, 0])
    assert alone.step.typical - 0.6 * US == pytest.approx(2 * (spread.step.typical - 0.6 * US))


def test_json_has_every_number() -> None:
    found = bound(synops=[600, 9000, 300]).to_dict()
    assert found["busiest"] == {"layer": "lif", "core": 1} and found["binds"] == MEMORY and found["spikes_counted"]
    assert found["step_seconds"]["typical"] == pytest.approx(12.0 * US)
    assert [row["layer"] for row in found["layers"]] == ["lif", "readout"]
