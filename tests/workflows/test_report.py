"""Measuring and reporting from Python."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from snnhw.analysis.sharing.formats import write_formats
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.gates.lock import locked
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, MaxPool, Node, Pool, Readout
from snnhw.workflows import report
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.map import bound_on_chip
from snnhw.workflows.report import ReportOptions, build_report

ROOT = Path(__file__).parents[2]


def test_advice_on_levels_needs_labels(digits, some):
    with pytest.raises(InputError, match="has no labels"):
        build_report(digits, inputs_of(some.name, some.values, None), ReportOptions(levels=True))


def test_what_a_report_is_written_as_is_written_while_its_folder_is_held(tmp_path, monkeypatch, digits, some):
    """A second report in the folder is refused until the last file is there."""
    tried = []

    def another(*_arguments, **_options):
        with pytest.raises(InputError, match=str(os.getpid())), locked(tmp_path):
            pass
        tried.append(write_formats(*_arguments, **_options))
        return tried[0]

    monkeypatch.setattr(report, "write_formats", another)
    written = report.report_together(digits, some, tmp_path, ReportOptions(), formats=("badge",))
    assert written is not None and (written.also,) == tuple(tried)
    assert written.also[0].parent == tmp_path and written.also[0].is_file()
    with locked(tmp_path):  # free again
        pass


def behind_neurons(*nodes: Node, levels: int = 2) -> LoadedModel:
    """Neurons on [2, 6, 6], `nodes`, neurons, a matrix, the read-out."""
    shape, rng, last = (2, 6, 6), np.random.default_rng(2), int(np.prod(nodes[-1].shape))
    chain = [
        Input(name="input", shape=shape),
        Conv2d(name="stem", shape=shape, weight=rng.normal(size=(2, 2, 1, 1))),
        MLF(name="a", shape=shape, decay=0.5, thresholds=(0.5, 1.5)[:levels]),
        *nodes,
        LIF(name="b", shape=nodes[-1].shape, decay=0.5, threshold=0.5),
        Flatten(name="flat", shape=(last,)),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, last))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(chain, [Edge(one.name, other.name) for one, other in pairwise(chain)], 3)
    return LoadedModel("chain", graph)


CONV = Conv2d(name="conv", shape=(3, 4, 4), weight=np.random.default_rng(3).normal(size=(3, 2, 3, 3)))
SPIKES = MaxPool(name="pool", shape=(2, 3, 3), kernel=(2, 2), stride=(2, 2))
CASES: dict[str, tuple[tuple[Node, ...], str]] = {
    "average pool": ((CONV, Pool(name="pool", kind="avg", shape=(3, 2, 2), kernel=(2, 2), stride=(2, 2))), ""),
    "matrices": (
        (
            Flatten(name="row", shape=(72,)),
            Linear(name="one", shape=(20,), weight=np.ones((20, 72))),
            Linear(name="two", shape=(7,), weight=np.ones((7, 20))),
        ),
        "",
    ),
    "padded pool": (
        (CONV, Pool(name="pool", kind="avg", shape=(3, 4, 4), kernel=(3, 3), stride=(1, 1), padding=(1, 1))),
        "'pool' does not fit loihi1: it takes the sums of conv",
    ),
    "pool of spikes": ((SPIKES, Conv2d(name="conv", shape=(2, 2, 2), weight=np.ones((2, 2, 2, 2)))), "not counted"),
    "pool of binary spikes": ((SPIKES, Conv2d(name="conv", shape=(2, 2, 2), weight=np.ones((2, 2, 2, 2)))), ""),
    "pool of sums": (
        (CONV, MaxPool(name="pool", shape=(3, 2, 2), kernel=(2, 2), stride=(2, 2))),
        "a MaxPool of analogue values has no counterpart",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_network_has_the_bound_of_its_mapping_or_a_reason_why_it_has_none(kind: str) -> None:
    nodes, reason = CASES[kind]
    model = behind_neurons(*nodes, levels=1 if "binary" in kind else 2)
    samples = inputs_of("noise", np.random.default_rng(1).normal(size=(4, 2, 6, 6)), None)
    made = build_report(model, samples)
    if reason:
        assert not made.floorline and any(reason in finding.message for finding in made.findings)
    if kind not in ("padded pool", "pool of sums"):
        mapped = bound_on_chip(model, inputs=samples)
        assert made.mapping["loihi1"].to_dict() == mapped.mapping.to_dict()
        bounds = {found.profile: found for found in mapped.floorlines}
        assert all(found == bounds[name] for name, found in made.floorline.items())
        assert bool(made.floorline) is not bool(reason)
