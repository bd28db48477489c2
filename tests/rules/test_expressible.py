"""Which target runs graded spikes and time slots, and which refuses them with one sentence."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from snnhw.checks.check import TARGETS, check
from snnhw.errors import InputError
from snnhw.exporters import exporter, options_of
from snnhw.exporters.lava.lower import lower
from snnhw.graph.ir import LIF, Conv2d, Flatten, Graph, Input, Linear, Readout
from snnhw.nir.io import to_nir
from snnhw.passes import LOIHI_CHANNELS, LOIHI_GRADED, TIME_SLOTS, run_passes
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net


def test_targets_that_cannot_express_a_deployment_refuse_it():
    graded, slotted = (run_passes(residual_net().graph, p) for p in (LOIHI_GRADED, TIME_SLOTS))
    for graph, refusing in ((graded, ["nir", "loihi1", "sanafe"]), (slotted, TARGETS)):
        code = "time-slots" if graph is slotted else "graded-spikes"
        for target in TARGETS:
            found = [f for f in check(graph, target) if f.code == code]
            severe = {f.severity for f in found} == {"error"}
            assert severe == (target in refusing)
            assert not severe or {f.node for f in found} == set(graph.units())
    with pytest.raises(
        InputError, match=r"'stem_mlf' does not fit nir: its spikes carry 2 bits, .* deploy it as channels"
    ):
        to_nir(graded)
    with pytest.raises(InputError, match="'stem_mlf' does not fit nir: it leaks and fires once every 3 sub-steps"):
        to_nir(slotted)
    with pytest.raises(InputError, match="'stem_mlf' does not fit lava: it leaks"):
        lower(slotted)
    integers = compile_loihi(residual_net().graph, residual_net().inputs).graph
    with pytest.raises(InputError, match="'stem_mlf' does not fit nir: its spikes carry 2 bits"):
        to_nir(decompose_graded(integers))
    with pytest.raises(InputError, match="is compiled already; give the multi-level float network"):
        decompose_slots(integers)
    with pytest.raises(InputError, match="'stem_mlf' does not fit Loihi: it leaks and fires once every 3"):
        compile_loihi(slotted, residual_net().inputs)


def test_a_layer_that_takes_sums_is_an_error_for_chips_and_refused_by_what_compiles_for_them():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(2, 5, 5)),
        Conv2d(name="first", shape=(3, 5, 5), weight=rng.normal(size=(3, 2, 3, 3)), padding=(1, 1)),
        Conv2d(name="second", shape=(3, 3, 3), weight=rng.normal(size=(3, 3, 3, 3))),
        LIF(name="unit", shape=(3, 3, 3), decay=0.25, threshold=0.6),
        Flatten(name="flat", shape=(27,)),
        Linear(name="third", shape=(6,), weight=rng.normal(size=(6, 27))),
        Linear(name="fc", shape=(4,), weight=rng.normal(size=(4, 6))),
        Readout(name="readout", shape=(4,)),
    ]
    graph = Graph.build(nodes, list(itertools.pairwise(n.name for n in nodes)), 3)
    images = rng.normal(size=(5, 2, 5, 5))
    for target in TARGETS:
        found = [f.node for f in check(graph, target) if f.code == "layer-on-sums"]
        assert found == ([] if target == "nir" else ["second"])  # matrices become one
    to_nir(graph)
    with pytest.raises(InputError, match="'second' does not fit Loihi: it takes the sums of first"):
        compile_loihi(graph, images)
    with pytest.raises(InputError, match="'second' does not fit lava: it takes the sums of first"):
        lower(run_passes(graph, LOIHI_CHANNELS))
    with pytest.raises(InputError, match="'second' does not fit sanafe: it takes the sums of first"):
        exporter("sanafe").export(graph, Path("unwritten"), options_of("sanafe", {"inputs": images[:1]}))
