"""Pairs of runs for the laws of differences: reports as JSON holds them, of networks that differ in known ways."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np

from snnhw.analysis.counting.count import count
from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.reading import side_of
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.report import assemble
from snnhw.analysis.report.sections import Sections
from snnhw.analysis.report.stamp import Origin, make_stamp
from snnhw.graph.ir import Graph
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from tests.nets import residual_net

PROFILES = ("loihi1-davies2018", "horowitz45-fp32")
SHAPED = {"widths": (4, 6), "seed": 3}


def report_of(graph: Graph, record: Any, profiles=PROFILES, data="noise", accuracy=None, chips=()) -> dict[str, Any]:
    """The report.json of a run."""
    chosen = [load_profile(profile) for profile in profiles]
    model, samples = Origin(graph.name, graph.name.encode().hex()), Origin(data, data.encode().hex())
    stamp = make_stamp(model, samples, profiles=chosen, command="snnhw report")
    sections = Sections(accuracy={} if accuracy is None else {"float": accuracy})
    made = assemble(graph, count(graph, record), chosen, stamp, sections, chips=chips)
    return json.loads(json.dumps(made.to_dict()))


def sample_run(samples=5, name="plain", change=lambda graph: graph, **options) -> dict[str, Any]:
    """A small residual network on noise, changed in its graph."""
    kept = {key: options.pop(key) for key in ("profiles", "data", "accuracy", "chips") if key in options}
    net = residual_net(**{**SHAPED, "samples": 5, **options})
    graph = change(run_passes(net.graph, FLOAT)).replace(name=name)
    return report_of(graph, simulate(graph, net.inputs[:samples]), **kept)


def pruned(graph: Graph, node="s0b0_2_conv") -> Graph:
    """Half of the weights of one node are zero."""
    old = graph.nodes[node]
    cut = np.abs(old.weight) < np.median(np.abs(old.weight))
    return with_nodes(graph, dataclasses.replace(old, weight=np.where(cut, 0.0, old.weight)))


def with_nodes(graph: Graph, *new: Any) -> Graph:
    """The graph with other nodes of the same names."""
    known = {node.name: node for node in new}
    return graph.replace(nodes=[known.get(node.name, node) for node in graph.nodes.values()])


def between(a: dict[str, Any], b: dict[str, Any]) -> Difference:
    """The difference of two report.json."""
    return Difference(side_of(a, "A"), side_of(b, "B"))
