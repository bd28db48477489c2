"""Time and energy of a run on a mesh, by hand; against SANA-FE's own run in tests/exporters/sanafe/test_run.py."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from snnhw.analysis.hardware.mesh_time import core_work, run_on_mesh, step_seconds
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.reach import reached
from snnhw.analysis.hardware.stepwise import run_stepwise
from snnhw.graph.ir import LIF, Graph, Input, Linear, Readout

NS, US, PJ = 1e-9, 1e-6, 1e-12


def two_cores() -> tuple[Graph, dict[str, np.ndarray], np.ndarray]:
    """Three events in the first step, two neurons that all of them reach, a read-out; input and neurons on core 0."""
    nodes = [
        Input(name="events", shape=(3,), levels=1),
        Linear(name="one", shape=(2,), weight=np.array([[1.0, 1.0, 1.0], [0.1, 0.1, 0.0]])),
        LIF(name="lif", shape=(2,), decay=0.5, threshold=1.0),
        Linear(name="fc", shape=(4,), weight=np.ones((4, 2))),
        Readout(name="readout", shape=(4,), reduction="sum"),
    ]
    cores = {"events": np.zeros(3, int), "lif": np.zeros(2, int), "readout": np.full(4, 4)}
    events = np.array([[1, 1, 1], [0, 0, 0], [0, 0, 0]], dtype=np.uint8)
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=3), cores, events


def test_three_steps_by_hand() -> None:
    """Tiles 0 and 1 are in use, so the barrier takes 1.0 us; all layers are dense, 3.8 ns a synop.

    Step 1: three packets to core 0 with 3 + 2 synops; 2 compartments there and 4 on core 4, none active.
    Step 2: both neurons got events and update, the first fires: one packet to core 4 with 4 synops.
    Step 3: the four accumulators of the read-out update, and the second neuron, which did not fire.
    """
    graph, cores, events = two_cores()
    activity = run_stepwise(graph, events, 3)
    work = core_work(graph, activity, cores, tuple(reached(graph, cores)))
    assert work.synops["dense"][:, [0, 4]].tolist() == [[5, 0], [0, 4], [0, 0]]
    assert work.received[:, [0, 4]].tolist() == [[3, 0], [0, 1], [0, 0]]
    assert work.sent[:, 0].tolist() == [3, 1, 0] and not work.sent[:, 4].any()
    assert work.active[:, [0, 4]].tolist() == [[0, 0], [2, 0], [1, 4]]
    assert work.spikes[:, 0].tolist() == [0, 1, 0]
    busy = [3 * 16 + 5 * 3.8, 2 * 6 + 2 * 3.7 + 30 + 5.1, 4 * 6 + 4 * 3.7]
    found = step_seconds(work, load_profile("loihi1-sanafe"), cores)
    assert found == pytest.approx(np.array(busy) * NS + 1.0 * US)
    both = run_on_mesh(graph, activity, cores, load_profile("loihi1-sanafe"))
    assert both.seconds == pytest.approx(found)
    assert both.energy.synapse == pytest.approx(9 * 35.5 * PJ)
    assert both.energy.soma == pytest.approx((18 * 51.2 + 7 * 21.6 + 69.3) * PJ)
    assert both.energy.network == pytest.approx((4 * 111 + 4.2) * PJ)


def test_cores_in_any_order_carry_the_same_work() -> None:
    graph, cores, events = two_cores()
    activity = run_stepwise(graph, events, 3)
    mixed = {**cores, "lif": np.array([7, 2]), "readout": np.array([5, 1, 5, 1])}
    work = core_work(graph, activity, mixed, tuple(reached(graph, mixed)))
    assert work.synops["dense"].sum() == 5 + 4
    assert work.synops["dense"][0, [7, 2]].tolist() == [3, 2] and work.synops["dense"][1, [1, 5]].tolist() == [2, 2]
    assert work.received[0, [7, 2]].tolist() == [3, 2] and work.sent[0, 0] == 5 and work.sent[1, 7] == 2
