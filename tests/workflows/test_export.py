"""From a loaded model to a file: each step of the preparation, and options that a target does not have."""

import dataclasses
import json

import numpy as np
import pytest

from snnhw.analysis.energy.level_advice import drop_level
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.same import same_graph
from snnhw.nir.io import read_nir
from snnhw.passes.decompose import recompose
from snnhw.workflows.export import Preparation, export


def test_the_file_holds_the_graph_of_the_model(digits, tmp_path):
    made = export(digits, tmp_path / "a.nir")
    assert same_graph(read_nir(made.artifact.path), digits.graph)
    assert made.removed == () and made.to_dict()["size_bytes"] == (tmp_path / "a.nir").stat().st_size


def test_calibration_makes_integers(digits, some, tmp_path):
    export(digits, tmp_path / "a.nir", "nir", Preparation(calibration=some.values))
    assert read_nir(tmp_path / "a.nir").is_integer


def test_a_bundle_gets_the_floats_that_calibration_rounds(digits, some, tmp_path):
    given = {"inputs": some.values[:2]}
    export(digits, tmp_path / "a", "bundle", Preparation(calibration=some.values), given)
    certificate = json.loads((tmp_path / "a" / "certificate.json").read_text())
    kinds = [stage["arithmetic"] for stage in certificate["stages"]]
    assert kinds == ["float64", "integers", "integers"] and certificate["rounding"] > 0
    pruned = Preparation(calibration=some.values, prune_dead=True, input_range=(0, 0.1))
    made = export(digits, tmp_path / "b", "bundle", pruned, given)
    assert made.removed and "no-float-stage" in {finding.code for finding in made.findings}


def test_time_slots_and_calibration_exclude_each_other(digits, some, tmp_path):
    for pruned in (False, True):
        both = Preparation(some.values, pruned, deployment="slots")
        with pytest.raises(InputError, match="--deployment slots and --calibrate exclude each other"):
            export(digits, tmp_path / "a", "lava", both)


def test_what_never_fires_is_told_and_left_out(digits, tmp_path):
    dark = export(digits, tmp_path / "a.nir", "nir", Preparation(prune_dead=True, input_range=(0, 0.1)))
    assert dark.removed and dark.to_dict()["removed"] == [r.to_dict() for r in dark.removed]
    with pytest.raises(InputError, match="give --prune-dead with --input-range"):
        export(digits, tmp_path / "b.nir", "nir", Preparation(input_range=(0, 0.1)))
    assert not (tmp_path / "b.nir").exists()


def test_a_level_is_dropped(digits, tmp_path):
    export(digits, tmp_path / "a.nir", "nir", Preparation(drop_level=2))
    assert same_graph(recompose(read_nir(tmp_path / "a.nir")), recompose(drop_level(digits.graph, 2)))
    for level in (0, 4):
        with pytest.raises(InputError, match=f"Level {level} cannot be dropped: .* has levels 1 to 3"):
            export(digits, tmp_path / "b.nir", "nir", Preparation(drop_level=level))
    assert not (tmp_path / "b.nir").exists()


def test_what_the_reader_assumed_comes_first(digits, tmp_path):
    assumed = Finding("dt-assumed", "warning", "", "the step is assumed", "say it")
    made = export(dataclasses.replace(digits, findings=(assumed,)), tmp_path / "a.nir")
    assert made.findings == (assumed, *made.artifact.findings) and made.artifact.findings


def test_options_are_checked_before_anything_is_computed(digits, some, tmp_path):
    damaged = Preparation(calibration=np.full_like(some.values, np.nan))  # would be refused, too
    with pytest.raises(InputError, match="The target lava has no option 'dialect'"):
        export(digits, tmp_path / "a", "lava", damaged, {"dialect": "norse"})
