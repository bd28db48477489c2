import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.layers import layers
from snnhw.analysis.counting.sources import populations
from snnhw.analysis.report.graph_picture import Heat, graph_svg, rails
from snnhw.graph.ir import LIF, Conv2d, Delay, Edge, Graph, Input, Linear, MaxPool, Readout
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from tests.analysis.nets import networks
from tests.graph.test_product import graph_of, unit
from tests.nets import residual_net, residual_nets


def sources_read(drawn, row):
    """Rows whose values a row takes, by following its lines back."""
    return sorted(source for rail in drawn if row in rail.reads and not rail.analog for source in rail.sources(row))


def check_lines(graph):
    rows = layers(graph)
    names = [graph.input.name, *(row.name for row in rows)]
    drawn = rails(rows, graph.input.name)
    for i, row in enumerate(rows, 1):
        assert [names[k] for k in sources_read(drawn, i)] == sorted({b.source for b in row.branches}, key=names.index)
        assert any(rail.analog and i in rail.reads for rail in drawn) == bool(row.analog)
    return drawn


@given(networks())
def test_following_the_lines_back_gives_the_branches_of_random_networks(graph):
    check_lines(graph)


@given(residual_nets)
def test_following_the_lines_back_gives_the_branches_of_residual_networks(net):
    drawn = check_lines(run_passes(net.graph, FLOAT))
    assert all(rail.joins == tuple(sorted(set(rail.joins))) for rail in drawn)


@given(residual_nets)
def test_rails_in_one_lane_do_not_overlap(net):
    drawn = rails(layers(run_passes(net.graph, FLOAT)), "input")
    for a in drawn:
        for b in drawn:
            if a is not b and a.lane == b.lane > 0:
                assert a.span[1] <= b.span[0] or b.span[1] <= a.span[0]


@pytest.mark.parametrize(("blocks", "lanes"), [(2, 3), (8, 3)])
def test_a_residual_stream_is_one_line_however_long(blocks, lanes):
    graph = run_passes(residual_net(blocks=blocks, samples=1).graph, FLOAT)
    assert max(rail.lane for rail in rails(layers(graph), "input")) <= lanes


def test_a_max_pool_is_a_line_from_the_populations_that_it_takes():
    nodes = [
        Input(name="input", shape=(1, 4, 4), levels=1),
        Conv2d(name="a", shape=(1, 4, 4), weight=np.ones((1, 1, 1, 1))),
        LIF(name="first", shape=(1, 4, 4), decay=0.5, threshold=1.0),
        MaxPool(name="once", shape=(1, 4, 4), kernel=(1, 1), stride=(1, 1)),
        MaxPool(name="twice", shape=(1, 2, 2), kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="b", shape=(1, 2, 2), weight=np.ones((1, 1, 1, 1))),
        LIF(name="second", shape=(1, 2, 2), decay=0.5, threshold=1.0),
        Readout(name="out", shape=(1, 2, 2)),
    ]
    names = [node.name for node in nodes]
    graph = Graph.build(nodes, [*pairwise(names), ("input", "once")], 2)
    rows = layers(graph)
    assert [branch.source for branch in rows[1].branches] == ["twice"]
    assert populations(graph, "twice") == ("first", "input") and populations(graph, "first") == ("first",)
    drawn = rails(rows, "input", {"twice": populations(graph, "twice")})
    assert sources_read(drawn, 2) == [0, 1]
    assert graph_svg(graph, None, 300).count("<svg") == 1


def test_a_loop_is_drawn_from_below():
    nodes = [
        Input(name="input", shape=(2,), levels=1),
        Linear(name="enter", shape=(3,), weight=np.ones((3, 2))),
        LIF(name="spike", shape=(3,), decay=0.5, threshold=1.0),
        Delay(name="wait", shape=(3,), steps=1),
        Linear(name="again", shape=(3,), weight=np.ones((3, 3))),
        Linear(name="leave", shape=(2,), weight=np.ones((2, 3))),
        Readout(name="readout", shape=(2,)),
    ]
    path = ["input", "enter", "spike", "leave", "readout"]
    loop = [("spike", "wait"), ("wait", "again"), ("again", "spike")]
    graph = Graph.build(nodes, [*pairwise(path), *loop], timesteps=2)
    drawn = check_lines(graph)
    assert any(rail.joins == rail.reads == (1,) and rail.lane == 1 for rail in drawn)


def test_picture_names_every_unit_and_shows_its_levels():
    net = residual_net(levels=2)
    graph = run_passes(net.graph, FLOAT)
    svg = graph_svg(graph, count(graph, simulate(graph, net.inputs)), 640)
    units = graph.units()
    for name in (*units, graph.input.name, graph.readout.name):
        assert f">{name}</text>" in svg
    assert len(re.findall(r'class="level1"', svg)) == len(re.findall(r'class="level2"', svg)) == len(units)
    assert svg.count("polygon") == sum(len(rail.reads) for rail in rails(layers(graph), graph.input.name))


def test_the_box_that_spends_most_is_filled_most():
    """Three quarters of the energy in one box, a quarter in another: half of the colour, and a third of that."""
    net = residual_net(levels=2)
    graph = run_passes(net.graph, FLOAT)
    counts = count(graph, simulate(graph, net.inputs))
    first, second, *_ = graph.units()
    svg = graph_svg(graph, counts, 640, [Heat("chip", {first: 0.75, second: 0.25})])
    assert re.findall(r'fill-opacity="([\d.]+)"', svg) == ["0.50", "0.17"]
    assert ">75\u202f% of the energy</text>" in svg and ">25\u202f% of the energy</text>" in svg
    assert ">75\u202f%</text>" in graph_svg(graph, counts, 340, [Heat("chip", {first: 0.75})])
    assert "fill-opacity" not in graph_svg(graph, counts, 640)


def test_the_first_profile_is_shown_and_every_box_says_all_of_them_on_hover():
    graph = run_passes(residual_net(levels=2).graph, FLOAT)
    first, second, *_ = graph.units()
    heats = [Heat("one", {first: 1.0}), Heat('"two"', {first: 0.5, second: 0.5}, shown=False)]
    svg = graph_svg(graph, None, 640, heats)
    assert svg.count(' of" data-profile="one"') == 2  # the fill and its share
    assert svg.count(' of off" data-profile="&quot;two&quot;"') == 4
    assert "100\u202f% of the energy on one; 50\u202f% of the energy on &quot;two&quot;</title>" in svg


def test_boxes_lead_to_the_rows_of_a_page_that_has_them():
    graph = run_passes(residual_net(levels=2).graph, FLOAT)
    rows = {name: f"layer-{i}" for i, name in enumerate(graph.units())}
    svg = graph_svg(graph, None, 640, rows_of=rows)
    assert re.findall(r'<a href="#(layer-\d+)" class="v box" data-layer="(\w+)">', svg) == [
        (row, name) for name, row in rows.items()
    ]
    assert "<a " not in graph_svg(graph, None, 640)


def test_long_names_stay_in_their_box():
    net = residual_net()
    graph = run_passes(net.graph, FLOAT)
    counts = count(graph, simulate(graph, net.inputs))
    longest = max(len(text) for text in re.findall(r">([^<>\n]+)</text>", graph_svg(graph, counts, 200)))
    assert longest < 20 < max(len(text) for text in re.findall(r">([^<>\n]+)</text>", graph_svg(graph, counts, 640)))


def test_a_product_is_a_row_that_its_factors_and_its_readers_are_joined_with():
    graph = graph_of([unit("a")], [])
    behind = LIF(name="behind", shape=(1, 2, 2), decay=0.5, threshold=1.0)
    edges = (*(e for e in graph.edges if e.target != "end"), Edge("product", "behind"), Edge("behind", "end"))
    graph = graph.replace(nodes=[*graph.nodes.values(), behind], edges=edges)
    rows = layers(graph)
    assert [row.name for row in rows] == ["a", "product", "behind"] and rows[2].products == ("product",)
    assert {(rail.joins, rail.reads) for rail in rails(rows, "input") if not rail.analog} == {
        ((1,), (2,)),
        ((2,), (3,)),
    }
    assert "product over 3" in graph_svg(graph, None, 600)
