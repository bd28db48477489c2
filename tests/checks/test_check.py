"""`check`: total, complete, anchored; each finding has a graph that has it and one that has not."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.checks.check import TARGETS, check
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import (
    Conv2d,
    Delay,
    Edge,
    Linear,
)
from tests.checks.nets import errors, found, integers, lif, net


@pytest.mark.parametrize("target", TARGETS)
def test_a_plain_network_has_no_errors(target: str) -> None:
    assert not errors(net(), target)
    assert not errors(integers(), target)


BROKEN = Conv2d(name="conv", shape=(4, 4, 4), weight=np.full((4, 2, 3, 3), np.nan), padding=(1, 1))


def test_complete_all_errors_at_once() -> None:
    bad = net(
        unit=lif(reset="subtract", decay=0.5, gain=np.linspace(1, 2, 64).reshape(4, 4, 4)),
        fc=Linear(name="fc", shape=(3,), weight=np.full((3, 64), np.inf)),
        conv=BROKEN,
    )
    assert {("not-finite", "conv"), ("not-finite", "fc"), ("nir-refused", "unit")} <= errors(bad, "nir")
    assert {("not-finite", "conv"), ("not-finite", "fc"), ("gain", "unit")} <= errors(bad, "lava")


def test_errors_come_first_and_say_what_to_do() -> None:
    findings = check(net(unit=lif(reset="subtract")), "loihi1")
    ranks = [["error", "warning", "info"].index(f.severity) for f in findings]
    assert ranks == sorted(ranks)
    assert all(f.remedy and f.message and "\n" not in f.message for f in findings)
    assert findings[0].to_dict()["code"] == "soft-reset"


def test_what_the_reader_found_is_reported() -> None:
    graph = net().replace(findings=(Finding("dt-assumed", "warning", "", "no step", "--dt"),))
    assert ("dt-assumed", "") in found(graph, "lava")


def test_recurrence_is_no_error_for_nir_but_for_hardware() -> None:
    late = Delay(name="late", shape=(4, 4, 4), steps=1)
    graph = net(late, edges=(Edge("unit", "late"), Edge("late", "unit")))
    assert ("recurrent", "late") in errors(graph, "lava")
    assert "loop" not in {code for code, _ in found(graph)}


def test_unknown_target_and_dialect() -> None:
    with pytest.raises(InputError, match="give one of nir, lava"):
        check(net(), "gpu")
    with pytest.raises(InputError, match="no NIR dialect"):
        check(net(), "nir", dialect="brian")
