"""A layout stands for its graph: reports of both are the same but for what the network alone can give."""

from __future__ import annotations

import dataclasses

from snnhw.analysis.energy.rate_times_flops import convention, flops_of
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.layout import GraphLayout, layout_of
from snnhw.analysis.report.report import assemble
from snnhw.passes import on_cores


def test_a_layout_is_that_of_its_graph_and_stands_for_itself(report):
    layout = layout_of(report.graph)
    assert isinstance(layout, GraphLayout) and layout_of(layout) is layout
    assert layout.input_shape == report.graph.input.shape and layout.flops == flops_of(report.graph)
    chip = load_chip("loihi2")
    for deployment in ("channels", "graded"):
        assert layout.placed(chip, deployment) == map_network(on_cores(report.graph), chip, deployment)
    found, refused = layout.on([chip])
    assert found == {"loihi2": layout.placed(chip, "channels")} and refused == ()
    assert layout.uncounted(None) == () and layout.work(found["loihi2"], None) is None


def test_a_report_of_a_layout_lacks_the_picture_alone(report):
    profiles = [load_profile(name) for name in report.energy]
    one = assemble(report.graph, report.counts, profiles, report.stamp)
    two = assemble(layout_of(report.graph), report.counts, profiles, report.stamp)
    assert one.graph is not None and two.graph is None
    assert one == dataclasses.replace(two, graph=one.graph)


def test_what_the_convention_takes_of_a_network_is_enough_for_it(report):
    assert convention(flops_of(report.graph), report.counts) == convention(report.graph, report.counts)
