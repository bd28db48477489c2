"""What exporters give back."""

from snnhw.exporters.base import Artifact
from snnhw.graph.finding import Finding


def test_an_artifact_is_plain_in_json(tmp_path):
    told = {"target": "t", "path": str(tmp_path), "size_bytes": 3, "findings": []}
    assert Artifact("t", tmp_path, 3).to_dict() == told
    gate = Finding("gate", "info", "a", "sends its biases", "leave it out")
    assert Artifact("t", tmp_path, 3, (gate,)).to_dict() == {**told, "findings": [gate.to_dict()]}
