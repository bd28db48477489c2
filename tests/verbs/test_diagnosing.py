"""The verb diagnose: a network, or a study of data fractions with options of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.verbs.diagnosing import diagnose

TINY = ("--set", "epoch_steps=2", "--set", "arguments.widths=[2, 2, 2]", "--set", "arguments.timesteps=1")


def test_a_small_study_writes_json_table_and_picture(call):
    options = ("--recipe", "digits_little", "--seeds", "2", "--samples", "2", "--reach", "0.5", "--out", "study")
    out = call("diagnose", "--data-fractions", "1", *options, *TINY, "--profile", "horowitz45-int8", "--json")
    assert out == json.loads(Path("study/fractions.json").read_text())
    assert out["fractions"] == [1.0] and out["profile"] == "horowitz45-int8" and out["priced_samples"] == 2
    assert len(out["cells"]) == 5 and {cell["steps"] for cell in out["cells"]} == {2}
    assert Path("study/fractions.png").exists() and Path("study/fractions.csv").exists()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "diagnose looks at a MODEL on samples; give both"),
        ({"model": "digits"}, "diagnose looks at a MODEL on samples; give both"),
        ({"model": "digits", "source": "digits:test", "seeds": 3}, "so --seeds would change nothing"),
        ({"model": "digits", "data_fractions": "0.1"}, "so MODEL would change nothing"),
        ({"source": "digits:test", "study": True, "data_fractions": "0.1"}, "so --input, --study would change nothing"),
        ({"data_fractions": "2"}, "give different numbers above 0 up to 1"),
        ({"data_fractions": "0.1", "reach": "high"}, "--reach has"),
        ({"data_fractions": "0.1", "seeds": 1}, "give 2 to 100"),
        ({"data_fractions": "0.1", "recipes": ["digitz"]}, "did you mean"),
        ({"data_fractions": "0.1", "profile": "loihi9"}, "loihi9"),
        ({"data_fractions": "0.1", "plot": Path("a.txt")}, "is no PNG or SVG file"),
        ({"data_fractions": "0.1", "recipes": ["fashion_little"], "data": Path("nowhere")}, "is not in nowhere"),
    ],
)
def test_what_does_not_go_together_is_refused(given, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=says):
        diagnose(**given)
    assert not list(tmp_path.iterdir())
