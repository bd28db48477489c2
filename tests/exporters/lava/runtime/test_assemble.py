"""What is assembled is what was lowered: every kind of process has its builder, and no other kind is taken."""

import pytest

from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.runtime.assemble import BUILD, assemble
from snnhw.exporters.lava.runtime.network import LavaNetwork, LavaRunError, Process
from tests.exporters.lava.nets import residual, vgg


@pytest.mark.parametrize("make", [residual, vgg])
def test_every_process_of_a_lowered_network_has_a_builder(make):
    _, graph = make()
    kinds = {process.kind for process in lower(graph).processes}
    assert kinds - {"source"} <= set(BUILD) and {"source", "sink", "lif"} <= kinds


def test_a_process_of_an_unknown_kind_is_refused_by_name():
    net = LavaNetwork("n", 1, False, (Process("odd", "dendrite", (1,), 0),), (), "sum", {})
    with pytest.raises(LavaRunError, match="Process 'odd' is a 'dendrite', which this runtime lacks; update it"):
        assemble(net)


def test_without_frames_and_records_both_ends_stay_open():
    ends = (Process("in", "source", (2,), 0), Process("out", "sink", (2,), 0))
    found = assemble(LavaNetwork("n", 1, False, ends, (), "sum", {}))
    assert (dict(found.processes), found.inputs, found.outputs, found.depth) == ({}, (), (), 0)
