"""Which target runs graded spikes and time slots, and which refuses them with one sentence."""

from __future__ import annotations

import pytest

from snnhw.checks.check import TARGETS, check
from snnhw.errors import InputError
from snnhw.exporters.lava.lower import lower
from snnhw.nir.io import to_nir
from snnhw.passes import LOIHI_GRADED, TIME_SLOTS, run_passes
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net


def test_targets_that_cannot_express_a_deployment_refuse_it():
    graded, slotted = (run_passes(residual_net().graph, p) for p in (LOIHI_GRADED, TIME_SLOTS))
    for graph, refusing in ((graded, ["nir", "loihi1", "sanafe"]), (slotted, ["nir", "lava", "loihi1", "sanafe"])):
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
    with pytest.raises(InputError, match="is in time slots, which have no integers"):
        compile_loihi(slotted, residual_net().inputs)
