"""A sweep of digits: run folders, counts, and a price for another profile that is that of the report."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.sweeps.result import COMPLETE, FAILED
from snnhw.sweeps.spec import read_spec
from snnhw.train.card import read_card
from snnhw.workflows.stored import report_from
from snnhw.workflows.sweep import Place, attempt, check_trials, place_of, rescore, result_of
from snnhw.workflows.sweep_workers import sweep

SMALL = """
recipe = "digits"
trials = 4
{top}
[set]
epochs = 1
arguments.widths = [2, 4, 4]
[space]
arguments.timesteps = [1, 2]
energy_weight = [0.0, 1.0]
"""


def small(folder: Path, top: str = 'objectives = ["accuracy", "energy", "latency"]'):
    path = folder / "small.toml"
    path.write_text(SMALL.format(top=top))
    return read_spec(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    spec, place = small(folder), Place(folder / "out")
    told: list[tuple[int, int]] = []
    result = sweep(spec, place, progress=lambda stage, done, total: told.append((done, total)))
    return spec, place, result, told


@pytest.mark.slow
def test_every_trial_is_a_run_folder_with_counts(made):
    spec, _, result, told = made
    assert [one.state for one in result.tried] == [COMPLETE] * 4 and told == [(i, 4) for i in range(1, 5)]
    assert len({json.dumps(one.point) for one in result.tried}) == 4 and result.front
    for one in result.tried:
        card = read_card(one.folder)[0]
        assert card.recipe == spec.recipe_at(one.point).to_dict()
        assert one.outcome is not None and one.outcome.accuracy == pytest.approx(card.validation_accuracy)
        assert one.outcome.test_accuracy == card.accuracy


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["loihi1-davies2018", "horowitz45-int8", "loihi2"])
def test_a_price_anew_is_that_of_the_report(made, profile):
    spec, place, first, _ = made
    found = rescore(spec, place, profile)
    assert len(found.tried) == 4
    for one in found.tried:
        report = report_from(Path(one.folder) / "counts.parquet", [profile]).report
        assert one.outcome is not None and one.outcome.energy == report.energy[profile].per_inference
        assert one.outcome.accuracy == report.accuracy["float"]
        floor = report.floorline.get(profile)
        assert one.outcome.latency == (None if floor is None else floor.sample)
    if profile == spec.profile:
        assert found.tried == first.tried and found.front == first.front
    if profile == "horowitz45-int8":
        assert found.objectives == ("accuracy", "energy") and "bounds no time" in found.notes[0]


@pytest.mark.slow
def test_a_finished_sweep_is_not_made_again_and_a_longer_one_goes_on(made):
    spec, place, first, _ = made
    assert sweep(spec, place).tried == first.tried == result_of(spec, place).tried
    assert len(sweep(dataclasses.replace(spec, trials=50), place).tried) == 4  # the space has no more


@pytest.mark.slow
def test_trials_without_counts_here_are_left_out_and_said(made, tmp_path):
    spec, place, _, _ = made
    shutil.copytree(place.folder, tmp_path / "copy")
    (tmp_path / "copy" / "trials" / "0001" / "counts.parquet").unlink()
    found = rescore(spec, Place(tmp_path / "copy"), "speck")
    assert [one.root for one in found.tried] == [0, 2, 3] and "1 trials are left out" in found.notes[-1]


@pytest.mark.slow
def test_a_trial_that_breaks_is_kept_with_its_sentence_and_the_others_run(tmp_path):
    spec = dataclasses.replace(small(tmp_path, 'sampler = "grid"'), trials=2)
    (tmp_path / "out" / "trials").mkdir(parents=True)
    (tmp_path / "out" / "trials" / "0000").write_text("no folder")
    result = sweep(spec, Place(tmp_path / "out"))
    assert [one.state for one in result.tried] == [FAILED, COMPLETE]
    assert "0000" in result.tried[0].error and [one.root for one in result.front] == [1]


def test_what_no_trial_can_be_is_refused_before_the_first(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('recipe = "digits"\n[space]\narguments.widths = [[4, 4, 4], [4, 4]]\n')
    with pytest.raises(InputError, match="differ in length"):
        check_trials(read_spec(path), Place(tmp_path))
    path.write_text('recipe = "digits"\n[space]\narguments.no_such = [1]\n')
    with pytest.raises(InputError, match="no_such"):
        check_trials(read_spec(path), Place(tmp_path))


def test_an_exception_is_a_sentence(tmp_path):
    spec = dataclasses.replace(small(tmp_path), recipe="nothing")
    outcome, sentence = attempt(spec, Place(tmp_path / "out"), 0, spec.point(0))
    assert outcome is None and "no recipe 'nothing'" in sentence
    outcome, sentence = attempt(small(tmp_path), Place(tmp_path / "out"), 0, {})
    assert outcome is None and sentence.startswith("KeyError: ")


def test_the_place_is_named_as_the_spec(tmp_path):
    assert place_of(small(tmp_path)).folder == Path("sweeps/small")
    assert place_of(small(tmp_path), tmp_path, "sqlite://").url == "sqlite://"


def test_a_sweep_that_is_not_there_is_not_priced(tmp_path):
    with pytest.raises(InputError, match="run the sweep first"):
        rescore(small(tmp_path), Place(tmp_path / "none"), "speck")
    with pytest.raises(InputError, match="latency is all"):
        rescore(small(tmp_path, 'objectives = ["latency"]'), Place(tmp_path / "none"), "horowitz45-int8")
