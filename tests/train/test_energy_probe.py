"""What a run says of its energy after an epoch: the term, and the engine with the counters, unit by unit."""

import csv
import json
import signal
import subprocess
import sys
from collections import defaultdict

import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.spike_energy import energy_pj
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import load
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import UnitRecord
from snnhw.train.energy_probe import PROBED, priced_at, probe
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.workflows.handed import handed_to
from snnhw.workflows.load import load_model
from tests.train.small import SMALL

ABOUT = {**SMALL, "arguments": {"widths": [2, 3, 4], "timesteps": 2}, "energy_weight": 4.0}
KILLED = """
import json, os, signal, sys
from snnhw.train import epoch as module
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.workflows.handed import handed_to
steps, step = [], module.train_step
def last_step(*arguments):
    steps.append(1)
    if len(steps) == 2 * 20 + 7:  # in the third epoch
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*arguments)
module.train_step = last_step
recipe = recipe_from(json.loads(sys.argv[1]))
fit(recipe, sys.argv[2], handed=handed_to(recipe))
"""


def table(path):
    with open(path) as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("deployment", ["channels", "graded"])
def test_parts_of_the_probe_are_what_the_counters_say_of_one_level_alone(deployment):
    recipe = recipe_from({**SMALL, "energy_weight": 1, "energy_profile": "loihi2", "energy_deployment": deployment})
    model, data = load_model("digits"), load("digits", "test").first(PROBED)
    network = model.network.double()
    pricing = handed_to(recipe).pricing
    found = probe(pricing, network, data)
    profile = load_profile("loihi2")
    record = pricing.counted(network, data).record

    def pj(units):
        counts = count(model.graph, type(record)(record.samples, record.timesteps, units, record.logits))
        return energy_pj(counts, profile, deployment) / record.samples

    silent = {name: UnitRecord(*(0 * part for part in vars(unit).values())) for name, unit in record.units.items()}
    paths = model.traced.modules
    expected = {("", 0): pj(silent)}
    for name, unit in record.units.items():
        alone = {**silent, name: UnitRecord(silent[name].levels, unit.graded_spikes, silent[name].levels_t)}
        expected[paths[name], 0] = pj(alone) - pj(silent)
        for k in range(len(unit.levels)):
            levels, levels_t = 0 * unit.levels, 0 * unit.levels_t
            levels[k], levels_t[k] = unit.levels[k], unit.levels_t[k]
            expected[paths[name], k + 1] = pj(
                {**silent, name: UnitRecord(levels, silent[name].graded_spikes, levels_t)}
            )
            expected[paths[name], k + 1] -= pj(silent)
    assert all(spent >= 0 for spent in expected.values())
    expected = {key: spent for key, spent in expected.items() if spent > 0}
    for parts in (found.by_term, found.by_record):
        spent = {(part.unit, part.level): value for part, value in parts.items() if value}
        assert spent == pytest.approx(expected, rel=1e-9)
    assert any(level == 0 and unit for unit, level in expected) == (deployment == "graded")
    assert sum(found.by_record.values()) == pytest.approx(found.row["probe_counted_pj"], rel=1e-12)
    assert {part.threshold for part in found.by_term if part.level == 2} == {1.6}


def test_sums_of_the_table_are_the_totals_and_a_killed_run_writes_the_same(tmp_path):
    recipe = recipe_from(ABOUT)
    fit(recipe, tmp_path / "whole", handed=handed_to(recipe))
    totals = table(tmp_path / "whole/metrics.csv")
    rows = table(tmp_path / "whole/energy.csv")
    sums = defaultdict(float)
    columns = ("train_energy_pj", "probe_energy_pj", "probe_counted_pj")
    for row in rows:
        for column in columns:
            assert float(row[column]) >= 0
            sums[int(row["epoch"]), column] += float(row[column])
    assert sums == {
        (int(row["epoch"]), column): pytest.approx(float(row[column]), rel=1e-9) for row in totals for column in columns
    }
    units = {row["unit"] for row in rows}
    assert {"", "stem.mlf", "stages.stage2_block1.shortcut.mlf"} < units and len(rows) == 3 * (1 + 3 * (len(units) - 1))

    command = [sys.executable, "-c", KILLED, json.dumps(ABOUT), str(tmp_path / "killed")]
    assert subprocess.run(command, timeout=600).returncode == -signal.SIGKILL
    assert len(table(tmp_path / "killed/energy.csv")) == len(rows) * 2 // 3
    fit(recipe, tmp_path / "killed", resume=True, handed=handed_to(recipe))
    assert (tmp_path / "killed/energy.csv").read_bytes() == (tmp_path / "whole/energy.csv").read_bytes()
    plain = recipe_from(SMALL | {"epochs": 1})
    fit(plain, tmp_path / "whole")
    assert not (tmp_path / "whole/energy.csv").exists()


def test_prices_are_those_of_samples_of_the_size_that_is_trained_on():
    recipe = recipe_from(ABOUT)
    pricing, model, data = handed_to(recipe).pricing, load_model("digits"), load("digits", "test").first(2)
    whole, half = (priced_at(pricing, model.network, data, pixels).prices for pixels in (8, 4))
    shapes = [prices.sources[next(iter(prices.sources))].levels.shape[-1] for prices in (whole, half)]
    assert shapes == [8, 4] and half.constant < whole.constant
    graph = model.graph
    record = simulate(graph, data.values)
    counted = energy_pj(count(graph, record), load_profile("loihi1-davies2018"))
    assert whole.of(record) == pytest.approx(counted) and torch.is_tensor(next(model.network.parameters()))
