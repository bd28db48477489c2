"""A run whose levels may die: what is left is an ordinary network, resumed or not, and everything else takes it."""

import csv
import json
import signal
import subprocess
import sys

import pytest
import torch

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.level_gates import gates_of
from snnhw.nn.models import build
from snnhw.nn.neurons import MLF
from snnhw.train import epoch
from snnhw.train.evaluate import evaluate
from snnhw.train.fit import fit
from snnhw.train.levels import as_decided_now, begin, card_arguments, going_on, level_count
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run
from snnhw.train.schedule import make_optimiser
from snnhw.workflows.handed import handed_to
from snnhw.workflows.load import load_model
from snnhw.workflows.verify import LavaShare, verify
from tests.train.small import SMALL

ABOUT = {
    **SMALL,
    "arguments": {"widths": [3, 4, 6], "timesteps": 2},
    "epochs": 4,
    "lr": 0.05,
    "ema": 0.9,
    "energy_weight": 3.0,
    "energy_profile": "horowitz45-int8",
    "level_gates": 0.5,
}
KILLED = """
import json, os, signal, sys
from snnhw.train import epoch as module
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.workflows.handed import handed_to
steps, step = [], module.train_step
def last_step(*arguments):
    steps.append(1)
    if len(steps) == 20 + 7:  # in the second epoch, while levels have gates
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*arguments)
module.train_step = last_step
recipe = recipe_from(json.loads(sys.argv[1]))
fit(recipe, sys.argv[2], handed=handed_to(recipe))
"""


def table(path):
    with open(path) as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run in which some levels die."""
    folder = tmp_path_factory.mktemp("levels") / "whole"
    recipe = recipe_from(ABOUT)
    return fit(recipe, folder, handed=handed_to(recipe))


def test_what_is_left_is_an_ordinary_network_that_its_card_describes(whole):
    network, card = load_run(whole.path)
    lost = card.arguments["thresholds_of"]
    units = {path: module for path, module in network.named_modules() if isinstance(module, MLF)}
    assert lost and set(lost) <= set(units) and not gates_of(network)
    for path, unit in units.items():
        assert unit.levels == len(lost.get(path, [0.6, 1.6, 2.6])) and lost.get(path, [0.6])[0] == 0.6
    assert whole.metrics[-1]["levels"] == level_count(network) < 3 * len(units)
    assert [row["levels"] for row in whole.metrics[1:]] == [level_count(network)] * 3
    assert evaluate(network, load("digits", "test")).accuracy == card.accuracy
    for row in whole.metrics:
        assert row["probe_energy_pj"] == pytest.approx(row["probe_counted_pj"], rel=1e-3)
    rows = table(whole.path / "energy.csv")
    for row in whole.metrics:
        parts = [part for part in rows if int(part["epoch"]) == row["epoch"]]
        for column in ("train_energy_pj", "probe_energy_pj", "probe_counted_pj"):
            assert sum(float(part[column]) for part in parts) == pytest.approx(row[column], rel=1e-9)
        assert len(parts) == 1 + (3 * len(units) if row["epoch"] <= 2 else row["levels"])


def test_module_graph_nir_and_integers_of_what_is_left_agree(whole, tmp_path):
    model, data = load_model(whole.path), load("digits", "test")
    assert len({len(node.thetas) for nodes in model.graph.units().values() for node in nodes}) > 1
    found = verify(model, data.first(24), load("digits", "train").first(32), tmp_path, LavaShare(samples=0))
    assert found.certificate.agrees and len(found.certificate.agreements) == 4
    assert all(one.spikes > 0 for one in found.certificate.agreements)


@pytest.mark.parametrize("last", [1, 2])
def test_a_run_stopped_at_the_decision_or_after_it_goes_on_as_one_that_was_not(whole, tmp_path, monkeypatch, last):
    recipe = recipe_from(ABOUT)

    def stop(network, now):
        if now == last + 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(epoch, "check_weights", stop)
        with pytest.raises(KeyboardInterrupt):
            fit(recipe, tmp_path / "run", handed=handed_to(recipe))
    resumed = fit(recipe, tmp_path / "run", resume=True, handed=handed_to(recipe))
    same(resumed, whole)


def test_a_run_killed_while_levels_have_gates_goes_on_as_one_that_was_not(whole, tmp_path):
    command = [sys.executable, "-c", KILLED, json.dumps(ABOUT), str(tmp_path / "run")]
    assert subprocess.run(command, timeout=600).returncode == -signal.SIGKILL
    recipe = recipe_from(ABOUT)
    same(fit(recipe, tmp_path / "run", resume=True, handed=handed_to(recipe)), whole)


def same(resumed, whole):
    assert resumed.card.weights_checksum == whole.card.weights_checksum
    assert resumed.card.arguments == whole.card.arguments
    assert (resumed.path / "energy.csv").read_bytes() == (whole.path / "energy.csv").read_bytes()


def test_the_network_that_is_left_spends_less_than_one_with_all_levels(whole, tmp_path):
    recipe = recipe_from({**ABOUT, "level_gates": 0.0})
    plain = fit(recipe, tmp_path, handed=handed_to(recipe))
    assert "levels" not in plain.metrics[0] and "thresholds_of" not in plain.card.arguments
    assert whole.metrics[-1]["probe_counted_pj"] < plain.metrics[-1]["probe_counted_pj"]


def test_an_optimiser_goes_on_with_what_it_knew_of_all_but_the_gates():
    recipe = recipe_from(ABOUT)
    network = build("digits_ds_resnet8", in_channels=1, widths=[2, 2, 2], timesteps=2)
    plain = make_optimiser(recipe, build("digits_ds_resnet8", in_channels=1, widths=[2, 2, 2], timesteps=2))
    assert begin(recipe, network, None) is None
    before = make_optimiser(recipe, network)
    assert [len(g["params"]) for g in before.param_groups[:-1]] == [len(g["params"]) for g in plain.param_groups]
    assert len(before.param_groups[-1]["params"]) == len(gates_of(network))
    network(torch.rand(4, 1, 8, 8)).square().sum().backward()
    before.step()
    assert as_decided_now(network) is not network
    network = as_decided_now(network)
    after = going_on(recipe, network, before)
    known, kept = before.state_dict()["state"], after.state_dict()["state"]
    assert set(kept) == set(range(len(known) - 9)) and all(
        torch.equal(kept[at]["exp_avg"], known[at]["exp_avg"]) for at in kept
    )
    assert as_decided_now(network) is network and begin(recipe_from(SMALL), network, None) is None


def test_the_arguments_of_the_card_are_those_of_the_recipe_and_what_was_lost():
    own = {"thresholds_of": {"a": [0.6, 1.6], "b": [0.5]}, "widths": [2]}
    assert card_arguments(own, None) == own and card_arguments(own, {}) == own
    lost = card_arguments(own, {"a": (0.6000000238418579,)})
    assert lost == {"thresholds_of": {"a": [0.6], "b": [0.5]}, "widths": [2]}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"energy_weight": 0.0}, "no energy_weight, without which nothing is priced"),
        ({"level_gates": 1.0}, "4 of 4 epochs; give a share that leaves at least one epoch with and one without"),
        ({"level_gates": 0.1}, "0 of 4 epochs"),
        ({"packed_spikes": True}, "leave packed_spikes out"),
        ({"level_gates": 1.5}, "level_gates"),
    ],
)
def test_recipes_that_make_no_sense_are_refused(changed, says):
    with pytest.raises(InputError, match=says):
        recipe_from({**ABOUT, "energy_profile": "", **changed})


def test_neurons_whose_levels_share_a_membrane_have_no_gates(tmp_path):
    recipe = recipe_from({**ABOUT, "arguments": {"widths": [2, 2, 2], "neuron": "ilif", "timesteps": 1}})
    with pytest.raises(InputError, match="leave level_gates out"):
        fit(recipe, tmp_path, handed=handed_to(recipe))
