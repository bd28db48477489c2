"""Where a network lies on chips, stored: as the graph gives it, and parts of a run add up."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.tile_work import tile_work
from snnhw.analysis.report.layout import GraphLayout
from snnhw.analysis.stored.places import CoreSums, stored_layout
from snnhw.errors import InputError
from snnhw.passes import on_cores
from snnhw.simulation.engine import simulate
from tests.analysis.stored.runs import network, part, whole

CHIP = load_chip("loihi1")


def test_a_stored_layout_gives_what_the_graph_gives():
    graph, inputs = network()
    record = simulate(graph, inputs)
    stored, fresh = whole().header.layout, GraphLayout(graph)
    assert (stored.input_shape, stored.span, stored.flops) == (fresh.input_shape, fresh.span, fresh.flops)
    for chip, deployment in ((CHIP, "channels"), (CHIP, "shared"), (load_chip("loihi2"), "graded")):
        mapping = fresh.placed(chip, deployment)
        assert stored.placed(chip, deployment) == mapping
        one, two = stored.work(mapping, None), fresh.work(mapping, record)
        assert one.layers == two.layers
        for key in ("received", "sent", "compartments", "spikes"):
            np.testing.assert_array_equal(getattr(one, key), getattr(two, key))
        for kind, found in two.synops.items():
            np.testing.assert_array_equal(one.synops[kind], found)
    assert stored.uncounted(None) == fresh.uncounted(record) == ()
    assert fresh.work(mapping, None) is None and fresh.uncounted(None) == ()


def test_parts_add_up_to_the_whole():
    layouts = [part(a, b).header.layout for a, b in ((0, 4), (4, 6), (6, 10))]
    assert layouts[0] + layouts[1] + layouts[2] == whole().header.layout
    assert layouts[2] + (layouts[1] + layouts[0]) == whole().header.layout
    assert layouts[0].without_work() == layouts[2].without_work() == whole().header.layout.without_work()
    assert layouts[0] != layouts[2]


def test_what_was_not_looked_at_is_refused_and_so_is_what_has_no_place():
    layout = whole().header.layout
    with pytest.raises(InputError, match="no place of the network on 'loihi1' as slots"):
        layout.placed(CHIP, "slots")
    graph, inputs = network()
    tiny = type(CHIP)(**{**CHIP.__dict__, "name": "tiny", "memory_bits_per_core": 1})
    with pytest.raises(InputError, match="on 'tiny' as channels"):
        layout.placed(tiny, "channels")
    refused = stored_layout(graph, simulate(graph, inputs), [tiny])
    with pytest.raises(InputError) as by_graph:
        map_network(on_cores(graph), tiny)
    with pytest.raises(InputError) as by_store:
        refused.placed(tiny, "channels")
    assert str(by_graph.value) == str(by_store.value)
    assert refused.on([tiny]) == GraphLayout(graph).on([tiny]) and refused + refused != refused


def test_sums_of_cores_are_whole_numbers():
    graph, inputs = network()
    folded = on_cores(graph)
    mapping = map_network(folded, CHIP)
    sums = CoreSums.of(tile_work(folded, mapping, simulate(graph, inputs[:1])))
    assert all(type(n) is int for n in (*sums.spikes, *sums.sent, *sums.synops["conv"]))
    assert sum(many for _, many in sums.cores) == mapping.cores == len(sums.received)
    twice = (sums + sums).over(2)
    assert twice.spikes.tolist() == list(sums.spikes) and twice.compartments.tolist() == list(sums.compartments)
