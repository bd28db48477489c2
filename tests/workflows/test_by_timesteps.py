"""Accuracy and energy by T: each row is what a run of so many steps gives, and a longer run until then."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import TIMESTEPS
from snnhw.graph.finding import Finding
from snnhw.nir.reading import Reading
from snnhw.nn.models import build
from snnhw.simulation.engine import simulate
from snnhw.workflows.by_timesteps import evaluate_timesteps
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.load import load_model, model_of

PROFILES = ("loihi1-davies2018", "horowitz45-int8")


def test_each_row_is_a_run_of_so_many_steps(digits, some):
    told = []
    made = evaluate_timesteps(digits, some, [1, 6, 2, 2], PROFILES, lambda *done: told.append(done))
    assert [one.timesteps for one in made.lasting] == [1, 6, 2] and told[-1][1:] == (3 * 24, 3 * 24)
    for one in made.lasting:
        alone = load_model("digits", Reading(timesteps=one.timesteps))
        assert one.accuracy == evaluate(alone, some).accuracy
        counts = count(alone.graph, simulate(alone.graph, some.values))
        for name in PROFILES:
            assert one.energy[name] == estimate(counts, load_profile(name)).per_inference
    first = made.to_dict()["by_timesteps"][0]
    assert first["energy"][PROFILES[1]] == made.lasting[0].energy[PROFILES[1]].to_dict() and first["timesteps"] == 1
    assert evaluate_timesteps(digits, some, [3, 4]).lasting[0].energy == {}


@pytest.mark.parametrize("recorded", [False, True])
def test_logits_after_a_step_are_those_of_a_run_of_so_many_steps(recorded):
    torch.manual_seed(2)
    network = build("digits_ds_resnet8", in_channels=1, widths=[4, 6, 8], timesteps=5).double()
    x = torch.rand(5, 7, 1, 8, 8, dtype=torch.float64) if recorded else torch.rand(7, 1, 8, 8, dtype=torch.float64)
    for _ in range(10):
        network(x)
    by_step = network.eval().by_step(x).detach().unflatten(0, (5, 7))
    model = model_of(network, (1, 8, 8))
    values = (x.transpose(0, 1) if recorded else x).numpy()
    for steps in range(1, 6):
        cut = values[:, :steps] if recorded else values
        logits = simulate(model.graph.replace(timesteps=steps), cut).logits
        np.testing.assert_allclose(logits, by_step[:steps].mean(0).numpy(), rtol=1e-4, atol=1e-4)
    hits = by_step.cumsum(0).argmax(2)
    data = Samples("mine", values, hits[1].numpy(), 10, "")
    made = evaluate_timesteps(model, data, [1, 2, 5])
    assert [one.accuracy for one in made.lasting] == [float((hits[t] == hits[1]).double().mean()) for t in (0, 1, 4)]


def test_what_has_no_such_table_is_refused_and_what_is_said_is_not_assumed(digits, some):
    assumed = Finding(TIMESTEPS, "warning", "", "T is taken to be 4", "give --timesteps")
    model = replace(digits, findings=(assumed,), graph=digits.graph.replace(findings=(assumed,)))
    assert evaluate_timesteps(model, some, [1, 2]).findings == ()
    with pytest.raises(InputError, match="no labels"):
        evaluate_timesteps(digits, replace(some, targets=None), [1, 2])
    recorded = replace(some, values=np.repeat(some.values[:, None], 4, axis=1))
    (told,) = evaluate_timesteps(digits, recorded, [1, 4]).findings
    assert told.code == "first-frames" and "the first t of the 4 frames" in told.message
    assert told.remedy == "none needed"  # frames of a file cannot be cut anew
    (told,) = evaluate_timesteps(digits, replace(recorded, binned=True), [1]).findings
    assert "one --timesteps alone" in told.remedy
    assert evaluate_timesteps(digits, recorded, [4]).findings == ()
    with pytest.raises(InputError, match="lasts 4 time steps and 5 are asked for; give fewer"):
        evaluate_timesteps(digits, recorded, [1, 5])
