"""What was found of models on crossbars, as files beside a comparison."""

from __future__ import annotations

import csv
import json

import pytest

from snnhw.errors import InputError
from snnhw.workflows.crossbar import compare_on_crossbars, crossbar_of
from snnhw.workflows.crossbar_writing import drop_verdicts, write_verdicts


def test_files_hold_every_row_and_replace_themselves_alone(digits, some, tmp_path):
    found = {"=a": compare_on_crossbars(digits, crossbar_of("rram", "channels"), some.first(2))}
    written = write_verdicts(found, tmp_path / "out")
    assert json.loads(written.read_text())["crossbar"]["=a"] == json.loads(json.dumps(found["=a"].to_dict()))
    with (tmp_path / "out" / "crossbar.csv").open() as file:
        rows = list(csv.DictReader(file))
    wanted = [(row.name, row.energy.low, row.energy.high) for row in found["=a"].verdict.rows]
    assert [(row["way"], float(row["low_j"]), float(row["high_j"])) for row in rows] == wanted
    assert rows[0]["label"] == "'=a"  # which a spreadsheet would calculate
    write_verdicts(found, tmp_path / "out")
    written.write_text("mine")
    with pytest.raises(InputError, match=r"crossbar\.json exists"):
        write_verdicts(found, tmp_path / "out")
    write_verdicts(found, tmp_path / "out", force=True)
    (tmp_path / "out" / "crossbar.csv").write_text("mine")
    assert drop_verdicts(tmp_path / "out") == (written,)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["crossbar.csv"]
    assert drop_verdicts(tmp_path / "none") == ()
