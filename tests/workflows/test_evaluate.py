"""Accuracy of the trained module and of the graph alone."""

import dataclasses

import pytest

from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows.evaluate import evaluate, evaluation_data


def test_module_and_graph_are_right_on_as_many_samples(digits, some):
    finished: list[tuple[str, int, int]] = []
    module = evaluate(digits, some, lambda *how_far: finished.append(how_far))
    graph = evaluate(dataclasses.replace(digits, network=None), some)
    expected = float((simulate(digits.graph, some.values).logits.argmax(1) == some.targets).mean())
    assert module.accuracy == graph.accuracy == expected and finished[-1] == ("evaluation", 24, 24)
    about = {"model": digits.name, "input": some.name, "samples": 24, "accuracy": expected}
    assert graph.to_dict() == {**about, "findings": [], "assumed": []}


def test_labels_and_a_name_of_the_data_are_needed(digits, some):
    assert evaluation_data(digits) == "digits:test"
    with pytest.raises(InputError, match="does not say what it was trained on"):
        evaluation_data(dataclasses.replace(digits, card={}))
    with pytest.raises(InputError, match="noise has no labels"):
        evaluate(digits, inputs_of("noise", some.values, None))
