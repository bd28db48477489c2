"""What exporters give back."""

import pytest

from snnhw.errors import InputError
from snnhw.exporters.base import Artifact, check_options
from snnhw.graph.finding import Finding


def test_an_artifact_is_plain_in_json(tmp_path):
    told = {"target": "t", "path": str(tmp_path), "size_bytes": 3, "findings": []}
    assert Artifact("t", tmp_path, 3).to_dict() == told
    gate = Finding("gate", "info", "a", "sends its biases", "leave it out")
    assert Artifact("t", tmp_path, 3, (gate,)).to_dict() == {**told, "findings": [gate.to_dict()]}


def test_options_are_held_against_their_class():
    check_options("t", 1, int)
    with pytest.raises(InputError, match=r"The target t got a builtins\.str; give what options_of"):
        check_options("t", "a", int)
