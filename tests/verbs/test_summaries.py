"""One table and one line on the command line, with the numbers that the report writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.foreign_nets import foreign_file

ON = ("digits", "--input", "digits:test", "--samples", "5", "--quiet")


def test_both_equal_the_report_that_is_written(call):
    call("report", *ON, "--out", "r")
    written = json.loads(Path("r/report.json").read_text())
    table, line = call("summary", *ON, "--json"), call("energy", *ON, "--json")
    for key in ("totals", "headline", "assumed"):
        assert table[key] == written[key]
    assert line["headline"] == table["headline"] and line["energy"] == table["energy"]
    for name, found in written["energy"].items():
        assert {key: line["energy"][name][key] for key in ("low", "typical", "high")} == found["per_inference"]
    assert {path.name for path in Path().iterdir()} == {"r"}  # neither of both writes a file


def paragraphs(text: str) -> list[str]:
    """Its paragraphs, whose lines keep to eighty columns and are indented but for the first."""
    assert max(map(len, text.splitlines())) <= 80
    return text.rstrip("\n").replace("\n  ", " ").split("\n")


def test_a_pipe_gets_one_paragraph_a_profile_and_a_table_of_eighty_columns(call):
    first, second, mean = paragraphs(call("energy", *ON))
    assert first.endswith("in fixed steps of 1.0\u202fms)") and "Loihi 1, energies of Davies et al. 2018" in first
    assert "45 nm CMOS" in second and mean == "mean over 5 samples of digits:test, T = 4"
    lines = call("summary", *ON, "--profile", "odin").splitlines()
    assert max(map(len, lines)) <= 80 and lines[1] == "joules: odin"
    assert call("energy", "digits", "-q").endswith("mean over 20 samples of digits:test, T = 4\n")


def test_what_a_file_leaves_open_stands_in_the_line(call, refused, tmp_path):
    file, x = foreign_file("snntorch_conv", tmp_path)
    np.savez("x.npz", input=x)
    found = call("energy", file.name, "--input", "x.npz", "-q")
    assert all("; assumed " in line and "framework" in line for line in paragraphs(found)[:-1])
    said = call("energy", file.name, "--input", "x.npz", "-q", "--written-by", "snntorch", "--json")
    assert not {"writer-unknown", "writer-recognised"} & {a["code"] for a in said["assumed"]}
    assert "name samples with --input" in refused("energy", file.name)
