"""The energy term: its count is the counters' to the integer, its gradient that of plain autograd."""

import csv
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import work
from snnhw.analysis.counting.pricing import spike_prices
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.passes import DEPLOYMENTS
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from snnhw.simulation.spike_prices import SourcePrices, SpikePrices
from snnhw.train import epoch
from snnhw.train.energy import EnergyTerm, Priced, multiplier
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run
from snnhw.workflows.handed import handed_to
from snnhw.workflows.load import load_model, model_of
from snnhw.workflows.train import train
from tests.train.small import SMALL

WEIGHTED = {**SMALL, "energy_weight": 4.0}


def settled(network, x):
    """The network in float64 with statistics of `x` in its norms, in evaluation mode."""
    network = network.double().train()
    for _ in range(20):
        network(x)
    return network.eval()


@pytest.mark.parametrize("events", [False, True])
@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_the_count_of_the_term_is_that_of_the_counters(deployment, events):
    torch.manual_seed(1)
    shape = (2, 3, 1, 8, 8) if events else (3, 1, 8, 8)  # [B, T, C, H, W] or [B, C, H, W]
    x = torch.randint(0, 4, shape).double() if events else torch.rand(shape, dtype=torch.float64)
    network = build("digits_ds_resnet8", in_channels=1, widths=[4, 6, 8], timesteps=3)
    network = settled(network, x.transpose(0, 1) if events else x)
    model = model_of(network, (1, 8, 8))
    graph = declare_input(model.graph, 3) if events else model.graph
    counts = count(graph, simulate(graph, x.numpy()))
    for kind in ("synops", "messages", "updates"):

        def amount(counts, kind=kind):
            return sum(getattr(work(layer, counts, deployment), kind) for layer in counts.layers)

        term = EnergyTerm(network, Priced(spike_prices(graph, amount), model.traced.modules, graph.input.name))
        with term.listening():
            network(x.transpose(0, 1) if events else x)
        mean = term.taken(x).detach()
        assert float(mean) * len(x) == pytest.approx(amount(counts), rel=0, abs=1e-6)
        assert round(float(mean) * len(x)) == amount(counts) > 0
        assert float(term.seen) == float(mean) * len(x) and term.samples == len(x)


class Step(torch.autograd.Function):
    """u > theta, with the derivative of a rectangle of width 1."""

    @staticmethod
    def forward(ctx, u, theta):
        ctx.save_for_backward((u - theta).abs() < 0.5)
        return (u > theta).to(u.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0], None


def plain_spikes(x, thresholds, decay):
    """o [T, B, n] of x [T, B, n], one step and one level after the other."""
    levels = []
    for theta in thresholds:
        u, s, sent = torch.zeros_like(x[0]), torch.zeros_like(x[0]), []
        for step in x:
            u = decay * u * (1 - s) + step
            s = Step.apply(u, theta)
            sent.append(s)
        levels.append(torch.stack(sent))
    return sum(levels)


@pytest.mark.parametrize("graded", [0.0, 1.0])
def test_the_gradient_is_that_of_plain_autograd(graded):
    torch.manual_seed(3)
    generator = np.random.default_rng(3)
    thresholds = MLF((0.6, 1.6)).thresholds
    first, last = nn.Linear(5, 7).double(), nn.Linear(7, 4).double()
    one, two = MLF((0.6, 1.6), timesteps=3), MLF((0.6, 1.6), timesteps=3)
    network = nn.Sequential(Frames(3), first, one, last, two, MeanOverTime(3))
    x = torch.randn(6, 5, dtype=torch.float64) * 3
    prices = {
        name: SourcePrices(np.tile(generator.uniform(1, 9, size), (2, 1)), graded * generator.uniform(1, 9, size))
        for name, size in (("one", 7), ("two", 4))
    }
    term = EnergyTerm(network, Priced(SpikePrices(3, 50.0, 1.0, prices), {"one": "2", "two": "4"}))
    parameters = list(network.parameters())
    with term.listening():
        network(x)
    energy = term.taken(x)
    found = torch.autograd.grad(energy, parameters)

    hidden = plain_spikes(first(x.repeat(3, 1, 1)), thresholds, 0.25)
    sent = plain_spikes(last(hidden), thresholds, 0.25)
    expected = torch.full((), 50.0 * 6, dtype=torch.float64)
    for spikes, price in ((hidden, prices["one"]), (sent, prices["two"])):
        expected = expected + (spikes * torch.from_numpy(price.levels[0])).sum()
        expected = expected + (spikes.clamp(max=1) * torch.from_numpy(price.graded)).sum()
    assert float(energy.detach()) == pytest.approx(float(expected.detach()) / 6, rel=1e-12)
    wanted = torch.autograd.grad(expected / 6, parameters)
    assert all(float(part.abs().max()) > 0 for part in wanted)
    for one_found, one_wanted in zip(found, wanted, strict=True):
        torch.testing.assert_close(one_found, one_wanted, rtol=1e-12, atol=1e-12)


def test_a_run_for_less_energy_spends_less_and_logs_the_exact_count(tmp_path):
    recipe = tmp_path / "small.toml"
    lines = [f"{key} = {value!r}".replace("True", "true") for key, value in SMALL.items() if key != "augment"]
    recipe.write_text("\n".join(lines).replace("{'", "{ ").replace("': ", " = ").replace(", '", ", ").replace("'", '"'))
    plain = train(str(recipe), ["energy_weight=1e-9"], tmp_path / "plain").run
    aware = train(str(recipe), ["energy_weight=30"], tmp_path / "aware").run
    for run in (plain, aware):
        for row in run.metrics:
            assert row["probe_energy_pj"] == pytest.approx(row["probe_counted_pj"], rel=1e-3)
    assert aware.metrics[-1]["train_energy_pj"] < 0.8 * plain.metrics[-1]["train_energy_pj"]
    assert aware.metrics[-1]["probe_counted_pj"] < 0.8 * plain.metrics[-1]["probe_counted_pj"]
    with open(tmp_path / "aware/metrics.csv") as file:
        assert float(next(csv.DictReader(file))["energy_weight"]) == 30.0
    load_run(tmp_path / "aware")  # hooks are gone
    assert load_model(tmp_path / "aware").graph.units()


def test_the_multiplier_follows_the_target_from_the_rows_alone():
    recipe = recipe_from({**WEIGHTED, "energy_target_nj": 2.0})
    assert multiplier(recipe, []) == 4.0
    assert multiplier(recipe, [{"energy_weight": 4.0, "train_energy_pj": 3000.0}]) == 6.0
    assert multiplier(recipe, [{"energy_weight": 1.0, "train_energy_pj": 1000.0}]) == 0.0
    free = dataclasses.replace(recipe, energy_target_nj=0.0)
    assert multiplier(free, [{"energy_weight": 4.0, "train_energy_pj": 3000.0}]) == 4.0


def test_a_target_is_reached(tmp_path):
    found = train(
        "digits",
        [
            *("epochs=8", "batch=64", "arguments.widths=[6, 8, 12]", "arguments.timesteps=2", "threads=1"),
            *("energy_weight=4", "energy_target_nj=1500", "warmup=0"),
        ],
        tmp_path / "run",
    ).run.metrics
    assert found[0]["train_energy_pj"] > 1.5e6
    assert found[-1]["train_energy_pj"] < found[0]["train_energy_pj"]
    assert found[1]["energy_weight"] > found[0]["energy_weight"]


def test_a_stopped_run_with_a_target_goes_on_with_its_multiplier(tmp_path, monkeypatch):
    recipe = recipe_from({**WEIGHTED, "energy_target_nj": 1500.0, "arguments": {"widths": [2, 3, 4], "timesteps": 2}})
    whole = fit(recipe, tmp_path / "whole", handed=handed_to(recipe))
    with monkeypatch.context() as patch:
        patch.setattr(epoch, "check_weights", stopping_at(1))
        with pytest.raises(KeyboardInterrupt):
            fit(recipe, tmp_path / "run", handed=handed_to(recipe))
    resumed = fit(recipe, tmp_path / "run", resume=True, handed=handed_to(recipe))
    assert resumed.card.weights_checksum == whole.card.weights_checksum
    weights = [row["energy_weight"] for row in resumed.metrics]
    assert weights == [row["energy_weight"] for row in whole.metrics] and len(set(weights)) == 3


def stopping_at(last):
    def check(network, now):
        if now == last:
            raise KeyboardInterrupt

    return check


def test_a_network_without_spikes_has_no_term():
    twin = build("digits_ds_resnet8", relu=True, in_channels=1)
    with pytest.raises(InputError, match="Nothing in this network spikes"):
        EnergyTerm(twin, Priced(SpikePrices(4, 1.0, 1.0, {}), {}))


def test_a_unit_that_is_no_module_is_refused():
    unit = SpikePrices(1, 1.0, 1.0, {"unit": SourcePrices(np.ones((1, 2)), np.zeros(2))})
    with pytest.raises(InputError, match="no module of its own"):
        EnergyTerm(nn.Sequential(nn.Linear(2, 2), MLF(timesteps=1)), Priced(unit, {}))


def test_samples_of_any_length_train_with_the_term(tmp_path):
    settings = ["epochs=2", "batch=256", "arguments.widths=[2, 2, 2]", "any_timesteps=true", "energy_weight=1"]
    run = train("digits", settings, tmp_path / "run").run
    assert run.card.timesteps == 4 and run.metrics[-1]["probe_counted_pj"] > 0
