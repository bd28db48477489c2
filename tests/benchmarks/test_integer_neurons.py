"""The integers of a trained network on the whole test set of digits, against every deployment."""

import importlib.util
import sys
from pathlib import Path

import pytest

from snnhw.data.datasets import load

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "integer_neurons.py"


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("integer_neurons", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "integer_neurons", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_integers_of_training_are_those_of_every_deployment(script, monkeypatch, capsys):
    short = script.Lesson("digits_ds_resnet8", {"widths": (4, 8, 16)}, 150, 8)
    monkeypatch.setitem(script.LESSONS, "digits", short)
    model, test = script.trained("digits", None), load("digits", "test")
    found, counts = script.compare(model, test)
    assert found.samples == counts.samples == 359 and found.right / found.samples > 0.6
    assert found.spikes > 100_000 and found.differing == {"graded": 0, "channels": 0, "slots": 0}
    assert max(found.logits.values()) < 1e-12
    costs = script.table(found, model.graph, counts)
    assert costs["graded"].synops < costs["slots"].synops == costs["shared"].synops < costs["channels"].synops / 3
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == list(costs)


@pytest.mark.slow
def test_a_wrong_deployment_is_found(script, monkeypatch):
    """Channels that do not inhibit each other send other integers."""
    monkeypatch.setitem(script.LESSONS, "digits", script.Lesson("digits_ds_resnet8", {"widths": (2, 2, 2)}, 5, 8))

    def without_inhibition(graph):
        split = script.inhibited_channels(graph)
        kept = [e for e in split.edges if not e.source.endswith("_inhibition")]
        loose = {n for n in split.nodes if n.endswith(("_inhibition", "_previous"))}
        edges = tuple(e for e in kept if e.target not in loose)
        return split.replace(nodes=[n for n in split.nodes.values() if n.name not in loose], edges=edges)

    monkeypatch.setattr(script, "FORMS", {**script.FORMS, "channels": without_inhibition})
    found, _ = script.compare(script.trained("digits", None), load("digits", "test").take(slice(20)))
    assert found.differing["channels"] > 0 and found.differing["slots"] == found.differing["graded"] == 0
