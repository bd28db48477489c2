"""Accuracy of the trained module and of the graph alone."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from snnhw.data.datasets import load
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.train.evaluate import evaluate as evaluate_module
from snnhw.workflows.evaluate import evaluate, evaluation_data


def test_module_and_graph_are_right_on_as_many_samples(digits, some):
    finished: list[tuple[str, int, int]] = []
    module = evaluate(digits, some, lambda *how_far: finished.append(how_far))
    graph = evaluate(dataclasses.replace(digits, network=None), some)
    expected = float((simulate(digits.graph, some.values).logits.argmax(1) == some.targets).mean())
    assert module.accuracy == graph.accuracy == expected and finished[-1] == ("evaluation", 24, 24)
    about = {"model": digits.name, "input": some.name, "samples": 24, "accuracy": expected}
    assert graph.to_dict() == {**about, "findings": [], "assumed": []}


def test_the_engine_puts_every_test_image_into_the_class_of_the_module(digits):
    """The module itself is run here, unfolded, by convolutions that are not event by event."""
    test = load("digits", "test")
    with torch.no_grad():
        module = digits.network(torch.from_numpy(test.values)).numpy()
    engine = simulate(digits.graph, test.values).logits
    assert np.array_equal(module.argmax(axis=1), engine.argmax(axis=1))
    assert evaluate(digits, test).accuracy == evaluate_module(digits.network, test).accuracy


def test_a_module_in_float64_is_evaluated_in_float64(digits, some, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "snnhw.workflows.evaluate.simulate",
        lambda *arguments, **options: seen.append(options["execution"].dtype) or simulate(*arguments, **options),
    )
    for dtype in (torch.float32, torch.float64):
        evaluate(dataclasses.replace(digits, network=copy.deepcopy(digits.network).to(dtype)), some)
    assert seen == [torch.float32, torch.float64]


def test_labels_and_a_name_of_the_data_are_needed(digits, some):
    assert evaluation_data(digits) == "digits:test"
    with pytest.raises(InputError, match="does not say what it was trained on"):
        evaluation_data(dataclasses.replace(digits, card={}))
    with pytest.raises(InputError, match="noise has no labels"):
        evaluate(digits, inputs_of("noise", some.values, None))
