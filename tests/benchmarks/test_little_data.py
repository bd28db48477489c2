"""The recorded study of data fractions: its numbers follow from its trainings, and the page says what they say."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from snnhw.studies.plan import NETWORKS, RECIPES
from tests.studies.made import study_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "little_data"
STUDY = json.loads((FOLDER / "fractions.json").read_text())
RUNS = pd.read_csv(FOLDER / "fractions.csv")
PAGE = (ROOT / "docs" / "little_data.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("table", FOLDER / "table.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def of(frame, recipe, network, fraction):
    rows = frame[(frame.recipe == recipe) & (frame.network == network) & (frame.fraction == fraction)]
    return rows.sort_values("seed").accuracy.to_numpy()


def test_every_training_is_recorded_with_one_budget_and_as_many_parameters():
    recipes, shares, seeds = STUDY["data_study"], STUDY["fractions"], range(1, STUDY["seeds"] + 1)
    assert set(recipes) <= set(RECIPES) and list(STUDY["networks"]) == list(NETWORKS)
    expected = {(r, n, f, s) for r in recipes for n in NETWORKS for f in shares for s in seeds}
    assert set(zip(RUNS.recipe, RUNS.network, RUNS.fraction, RUNS.seed, strict=True)) == expected
    assert len(RUNS) == len(expected)
    for _, rows in RUNS.groupby("recipe"):
        assert rows.steps.nunique() == rows.batch.nunique() == rows.parameters.nunique() == 1
    assert (RUNS.groupby(["recipe", "fraction", "seed"]).samples.nunique() == 1).all()


def test_intervals_differences_and_verdicts_follow_from_the_trainings():
    for cell in STUDY["cells"]:
        found = of(RUNS, cell["recipe"], cell["network"], cell["fraction"])
        half = stats.t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found))
        ends = (found.mean(), found.mean() - half, found.mean() + half)
        assert tuple(cell["accuracy"].values()) == pytest.approx(ends, abs=1e-9)
    cells = {(c["recipe"], c["network"], c["fraction"]): c["accuracy"] for c in STUDY["cells"]}
    for one in STUDY["differences"]:
        a, b = (of(RUNS, one["recipe"], one[key], one["fraction"]) for key in "ab")
        assert one["difference"]["mean"] == pytest.approx((a - b).mean(), abs=1e-12)
        if (a - b).std() > 0:
            tested = stats.ttest_rel(a, b).confidence_interval(0.95)
            ends = (one["difference"]["low"], one["difference"]["high"])
            assert ends == pytest.approx((tested.low, tested.high), abs=1e-9)
        here, there = (cells[one["recipe"], one[key], one["fraction"]] for key in "ab")
        higher = here["low"] > there["high"] and one["difference"]["low"] > 0
        lower = here["high"] < there["low"] and one["difference"]["high"] < 0
        assert one["verdict"] == ("higher" if higher else "lower" if lower else "open")


def test_the_page_holds_every_table_as_it_is_printed(table):
    printed = "\n".join(table.tables(STUDY))
    for block in printed.strip().split("\n\n"):
        assert block in PAGE, block
    assert all(sentence in PAGE.replace("\n", " ") for sentence in table.verdicts(STUDY))
    assert (ROOT / "docs" / "images" / "little_data.png").read_bytes().startswith(b"\x89PNG")


def test_tables_of_a_study_show_what_is_claimed_and_what_is_reached(table):
    sure = (0.9, 0.9, 0.9)
    study = json.loads(json.dumps(study_of({("mlf3", 0.1): sure, ("relu", 1.0): sure}, targets=(0.8,)).to_dict()))
    rows = list(table.accuracies(study, "digits_little"))
    assert rows[4] == "| MLF, K = 3 | 90.0 ± 0.0 | 50.0 ± 24.8 |" and rows[-1].endswith("| 144 (44) | 1,438 (4.5) |")
    assert "| digits | 10 % | MLF, K = 3 higher than ReLU twin | 40.0 ± 24.8 |" in list(table.claims(study))
    energies = list(table.energies(study))
    assert len(energies) == 4 and energies[-1].startswith("| digits | 80 % | ReLU twin | 100 % | \u2013 |")
    assert "MLF, K = 3 against ReLU twin: 1 higher, 1 lower, 0 open" in list(table.verdicts(study))
    assert list(table.beyond(study))[2:] != []
