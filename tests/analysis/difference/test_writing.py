"""The folder of a difference, and the file of a history: the same numbers, nobody else's files."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from snnhw.analysis.difference.history import history
from snnhw.analysis.difference.table import answers, cells, values
from snnhw.analysis.difference.writing import write_difference, write_history
from snnhw.analysis.report.writing import plain
from snnhw.errors import InputError
from tests.analysis.difference.runs import between, pruned, sample_run
from tests.analysis.report.reading import Page


def test_page_json_and_csv_say_the_same(tmp_path):
    found = between(sample_run(), sample_run(name="<b>pruned", change=pruned))
    text = write_difference(found, tmp_path).read_text()
    page = Page(text)
    assert json.loads((tmp_path / "diff.json").read_text()) == json.loads(json.dumps(plain(found.to_dict())))
    assert len(pd.read_csv(tmp_path / "diff.csv")) > 100
    for sentence in answers(found):
        assert sentence in page.text
    for pair in found.pairs:
        for cell in cells(found, pair):
            assert cell in page.text
        assert all(f'data-value="{number}"' in text for number in values(found, pair))
        for reason in found.reasons[pair.name]:
            assert reason.text in page.text
    write_difference(found, tmp_path)  # over an earlier one


def test_files_of_others_stay(tmp_path):
    found = between(sample_run(), sample_run())
    (tmp_path / "diff.json").write_text("mine")
    with pytest.raises(InputError, match="is of no report"):
        write_difference(found, tmp_path)
    assert (tmp_path / "diff.json").read_text() == "mine" and not (tmp_path / "diff.html").exists()


def test_a_history_is_written_over_a_history_alone(tmp_path):
    (tmp_path / "report.json").write_text(json.dumps(sample_run()))
    found, place = history(tmp_path), tmp_path / "h.csv"
    frame = pd.read_csv(write_history(found, place))
    assert list(frame["profile"]) == ["loihi1-davies2018", "horowitz45-fp32"]
    write_history(found, place)
    place.write_text("mine")
    with pytest.raises(InputError, match="is no history"):
        write_history(found, place)
