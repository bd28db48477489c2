"""Findings are plain values: they survive JSON and cannot be changed on the way."""

from __future__ import annotations

import dataclasses
import json

import pytest

from snnhw.graph.finding import Finding


def test_a_finding_survives_json_and_equals_one_of_the_same_words() -> None:
    finding = Finding("dt-assumed", "warning", "lif", "there is no time step", "give --dt")
    again = Finding(**json.loads(json.dumps(finding.to_dict())))
    assert again == finding and hash(again) == hash(finding)
    assert list(finding.to_dict()) == ["code", "severity", "node", "message", "remedy"]
    assert dataclasses.replace(finding, node="other") != finding
    with pytest.raises(dataclasses.FrozenInstanceError):
        finding.node = "other"  # type: ignore[misc]
