"""One table says which findings are assumptions; every code in it is one that the package gives."""

from __future__ import annotations

from snnhw.graph.assumptions import ASSUMPTIONS, Assumed, assumed, assumptions, findings_dict, not_assumed
from snnhw.graph.finding import Finding
from tests.staged import ROOT

STEP = Finding("dt-assumed", "warning", "", "0.0001 s is taken", "give --dt")
RENAMED = Finding("renamed", "info", "n1", "is called '1'", "none needed")


def reset(node: str) -> Finding:
    return Finding("reset-undefined", "warning", node, "a hard reset is taken", "give --reset")


def test_every_code_of_the_table_is_given_somewhere_in_the_package() -> None:
    files = [path for folder in ("snnhw", "analysis", "exporters") for path in (ROOT / folder).rglob("*.py")]
    elsewhere = "".join(path.read_text() for path in files if path.name != "assumptions.py")
    names = {"timesteps-assumed": "TIMESTEPS", "writer-unknown": "WRITER_UNKNOWN"}
    names |= {"writer-recognised": "WRITER_RECOGNISED", "calibrated-on-input": "CALIBRATED_ON_INPUT"}
    assert [code for code in ASSUMPTIONS if names.get(code, f'"{code}"') not in elsewhere] == []


def test_every_option_of_the_table_is_one_of_the_command_line() -> None:
    options = (ROOT / "snnhw/verbs/options.py").read_text()
    assert [a.option for a in ASSUMPTIONS.values() if a.option and f'"{a.option}"' not in options] == []


def test_findings_are_divided_and_assumptions_come_in_the_order_of_the_table() -> None:
    found = (RENAMED, reset("a"), STEP)
    assert assumed(found) == (STEP, reset("a")) and not_assumed(found) == (RENAMED,)
    assert findings_dict(found) == {
        "findings": [finding.to_dict() for finding in found],
        "assumed": [STEP.to_dict(), reset("a").to_dict()],
    }


def test_equal_sentences_about_several_nodes_are_one() -> None:
    step, resets = assumptions((*map(reset, "abcde"), STEP))
    assert step == Assumed("time step", "0.0001 s is taken", "give --dt", (), "--dt")
    assert (step.text, step.short) == ("0.0001 s is taken", "time step (--dt)")
    assert resets.nodes == tuple("abcde") and resets.text == "a, b, c and 2 more: a hard reset is taken"
