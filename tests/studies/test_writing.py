"""The files of a study: replaced by the next one, never over something else."""

import json

import pandas as pd
import pytest

from snnhw.errors import InputError
from snnhw.studies.writing import write_study
from tests.studies.made import study_of


def test_a_study_is_written_and_replaced(tmp_path):
    study = study_of({})
    for _ in range(2):
        path = write_study(study, tmp_path / "out", tmp_path / "a.png")
    assert path == tmp_path / "out" / "fractions.json"
    assert json.loads(path.read_text()) == json.loads(json.dumps(study.to_dict()))
    assert len(pd.read_csv(tmp_path / "out" / "fractions.csv")) == len(study.runs)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_of_no_study_stays(tmp_path):
    (tmp_path / "fractions.csv").write_text("mine")
    with pytest.raises(InputError, match=r"fractions.csv exists and is of no study"):
        write_study(study_of({}), tmp_path)
    assert (tmp_path / "fractions.csv").read_text() == "mine" and not (tmp_path / "fractions.json").exists()
    write_study(study_of({}), tmp_path, force=True)
    assert (tmp_path / "fractions.json").exists()
