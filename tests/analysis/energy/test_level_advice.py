"""Level advice runs real variants: fewer levels mean fewer updates, and the base row is the network itself."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.level_advice import drop_level, level_advice, move_threshold
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.errors import InputError
from snnhw.graph.ir import MLF
from snnhw.passes.decompose import decompose
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net

INPUTS = np.random.default_rng(3).normal(size=(12, 2, 6, 6)) * 2
TARGET = np.arange(12) % 5


def test_every_level_is_dropped_and_moved_once():
    graph, profile = small_net(), load_profile("loihi1-davies2018")
    rows = {row.name: row for row in level_advice(graph, INPUTS, TARGET, profile)}
    assert [r for r in rows if r.startswith("without")] == [f"without level {k}" for k in (1, 2, 3)]
    assert {r for r in rows if "threshold" in r} == {
        f"level {k} threshold x {f}" for k in (1, 2, 3) for f in (0.8, 1.25)
    }
    record = simulate(graph, INPUTS)
    counts = count(graph, record)
    base = rows["as it is"]
    assert base.energy == estimate(counts, profile).per_inference
    assert base.accuracy == record.accuracy(TARGET)
    for k in (1, 2, 3):
        assert rows[f"without level {k}"].neuron_updates < base.neuron_updates
    assert rows["without level 3"].unit_synops < base.unit_synops
    # the stem alone has a third level: 144 neurons, 3 steps, 12 samples
    assert base.neuron_updates - rows["without level 3"].neuron_updates == 144 * 3 * 12


def test_thresholds_after_a_change():
    graph = small_net()
    assert [u.thresholds for u in drop_level(graph, 2).of_type(MLF)] == [(0.6, 2.6), (0.6,)]
    assert [u.thresholds for u in drop_level(drop_level(graph, 2), 1).of_type(MLF)] == [(2.6,), (0.6,)]
    moved = move_threshold(graph, 3, 2.0).of_type(MLF)
    assert [u.thresholds for u in moved] == [(0.6, 1.6, 5.2), (0.6, 1.6)]


def test_a_graph_of_channels_is_refused():
    with pytest.raises(InputError, match="no multi-level unit"):
        level_advice(decompose(small_net()), INPUTS, TARGET, load_profile("odin"))
