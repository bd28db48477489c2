"""A block for the model card of a Hugging Face repository: `model-index` for its head, a section for its text.

The head is YAML between two lines of three dashes; strings are quoted as in JSON, which YAML takes. Energy stands as a
metric of its own name, since the hub knows grams of CO2 alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from snnhw.analysis.digits import count_text
from snnhw.analysis.report.overview import Overview
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.verdict import first_sentence

TAGS = ("spiking-neural-network", "neuromorphic", "energy-estimate")


def card(report: Report) -> str:
    """The text of a README.md, or what to take over into one."""
    return "\n".join([*_head(report), "", *_body(report)]) + "\n"


def _head(report: Report) -> Iterator[str]:
    name, data = json.dumps(report.model.name), json.dumps(report.stamp.data)
    yield "---"
    yield "tags:"
    yield from (f"- {tag}" for tag in TAGS)
    yield "model-index:"
    yield f"- name: {name}"
    yield "  results:"
    yield "  - task:"
    yield "      type: image-classification" if report.accuracy else "      type: other"
    yield "    dataset:"
    yield f"      name: {data}"
    yield f"      type: {data}"
    yield "    metrics:"
    for stage, share in report.accuracy.items():
        yield from _metric("accuracy", share, f"accuracy, {stage}")
    for profile, found in report.energy.items():
        for end in ("low", "typical", "high"):
            value = getattr(found.per_inference, end)
            yield from _metric("energy_joule_per_inference", value, f"{end} estimate, {profile}")
    yield "---"


def _metric(kind: str, value: float, name: str) -> Iterator[str]:
    yield f"    - type: {kind}"
    yield f"      value: {value:.9e}" if abs(value) < 1e-3 else f"      value: {value!r}"
    yield f"      name: {json.dumps(name)}"


def _body(report: Report) -> Iterator[str]:
    found, counts = Overview(report), report.counts
    yield "## Energy per inference, estimated"
    yield ""
    yield "Counted operations times the constants of a hardware profile, not a measurement. Mean over " + (
        f"{_plain(found.run)}."
    )
    yield ""
    yield from (f"- {_plain(line)}" for line in found.answers)
    yield ""
    yield "| per inference | |"
    yield "|---|--:|"
    for words, key in (("spikes", "spikes"), ("synaptic operations u", "unit_synops"), ("MACs", "macs")):
        yield f"| {words} | {count_text(counts.total(key) / counts.samples)} |"
    yield f"| parameters | {count_text(report.model.parameters)} |"
    yield ""
    yield _plain(first_sentence(report))
    yield from (f"\nAssumed, {_plain(taken.subject)}: {_plain(taken.text)}." for taken in report.assumptions)


def _plain(text: str) -> str:
    """Text that Markdown prints as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#$&~" else sign for sign in text.replace("\n", " "))
