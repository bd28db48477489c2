"""Texts of files that mean something to rich, matplotlib, HTML, CSV or a path mean only themselves."""

from __future__ import annotations

import csv
import json
import os
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from snnhw.analysis.hardware import chips, profiles
from snnhw.train import recipe
from snnhw.train.card import CARD
from snnhw.zoo import zoo_path
from tests.verbs.test_misuse import call

PROFILE = (profiles.FOLDER / "horowitz45-fp32.toml").read_text()
CHIP = (chips.FOLDER / "loihi1.toml").read_text()
HOSTILE = {
    "markup": "[/] [bold red]x[/bold] [link=file:///etc/passwd]y[/link]",
    "formula": r"$\frac{$ and $x^",
    "steering": "\x1b]0;owned\x07\x1b[2J\u202e",
    "script": "</title><script>alert(1)</script><img src=x onerror=alert(2)>'\"{{ 7 * 7 }}{% raw %}",
    "calculation": '=HYPERLINK("http://a", "b")',
    "path": "../../../lost",
}


class Tags(HTMLParser):
    """What a page would do: its scripts, and attributes that run code."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts, self.handlers = 0, []

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        self.handlers += [name for name, value in attributes if name.startswith("on") or "javascript:" in (value or "")]


def with_texts(content: str, text: str, *keys: str) -> str:
    """TOML with the values of `keys` at the top replaced by `text`."""
    kept = [line for line in content.splitlines() if not line.startswith(tuple(f"{key} =" for key in keys))]
    return "\n".join([*(f"{key} = {json.dumps(text)}" for key in keys), *kept])


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_profile_and_a_chip(tmp_path, monkeypatch, capsys, kind):
    monkeypatch.chdir(tmp_path)
    text = HOSTILE[kind]
    Path("a.toml").write_text(with_texts(PROFILE, text, "name", "title"))
    Path("c.toml").write_text(with_texts(CHIP, text, "name", "title"))
    commands = (
        ["profiles", "show", "a.toml"],
        ["map", "digits", "--chip", "c.toml"],
        ["report", "digits", "--input", "digits:test", "--samples", "2", "--profile", "a.toml", "--out", "o"],
    )
    for arguments in commands:
        assert call(arguments, monkeypatch) == 0
        printed = capsys.readouterr().out
        assert "\x1b" not in printed and "\u202e" not in printed and "\x07" not in printed
        if kind == "markup" and arguments[0] == "profiles":
            assert "[/] [bold red]x[/bold]" in " ".join(printed.split())
    page = Tags()
    page.feed(Path("o/report.html").read_text())
    plain = Tags()
    assert call([*commands[2][:-3], "horowitz45-fp32", "--out", "p"], monkeypatch) == 0
    plain.feed(Path("p/report.html").read_text())
    assert (page.scripts, page.handlers) == (plain.scripts, plain.handlers)
    for name in ("layers.csv", "energy.csv"):
        with open(f"o/{name}", newline="") as file:
            cells = [cell for row in list(csv.reader(file))[1:] for cell in row]
        texts = [cell for cell in cells if cell and not cell.lstrip("-+").replace(".", "").isalnum()]
        assert not any(text.startswith(("=", "@")) for text in texts)
    assert sorted(os.listdir()) == ["a.toml", "c.toml", "o", "p"]


@pytest.mark.slow
def test_a_formula_in_a_name_is_quoted_in_csv(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(zoo_path("digits"), "=1+1")
    assert (
        call(["compare", "digits", "=1+1", "--input", "digits:test", "--samples", "2", "--out", "o"], monkeypatch) == 0
    )
    with open("o/compare.csv", newline="") as file:
        labels = {row["label"] for row in csv.DictReader(file)}
    assert labels == {"digits", "'=1+1"} and sorted(os.listdir("o")) == [
        "_1_1", "compare.csv", "compare.html", "compare.json", "digits",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_label_of_dots_stays_in_the_folder(tmp_path, monkeypatch, capsys):
    (tmp_path / "run").mkdir()
    shutil.copytree(zoo_path("digits"), tmp_path / "run", dirs_exist_ok=True)
    (tmp_path / "run/inside").mkdir()
    monkeypatch.chdir(tmp_path / "run/inside")
    assert call(["compare", "digits", "..", "--input", "digits:test", "--samples", "2", "--out", "o"], monkeypatch) == 0
    assert sorted(os.listdir()) == ["o"] and "report.html" not in os.listdir("..")


def test_the_name_of_a_recipe_is_no_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = with_texts((recipe.FOLDER / "digits.toml").read_text(), "../../lost", "name")
    Path("a.toml").write_text(text)
    settings = ["arguments.widths=[2, 3, 4]", "arguments.timesteps=1", "epochs=1", "threads=1"]
    assert call(["train", "a.toml", "--quiet", *(w for s in settings for w in ("--set", s))], monkeypatch) == 0
    assert sorted(os.listdir()) == ["a.toml", "runs"] and os.listdir("runs") == ["_.._lost"]
    card = json.loads(Path("runs/_.._lost", CARD).read_text())
    assert card["recipe"]["name"] == "../../lost"


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--json"], []])
def test_names_of_bytes_that_are_no_text_are_names(tmp_path, monkeypatch, capsys, options):
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(b"a\xff")
    shutil.copytree(zoo_path("digits"), name)
    np.savez("samples.npz", input=np.full((2, 1, 8, 8), 0.5), target=np.array([1, 2]))
    os.rename("samples.npz", f"{name}.npz")
    assert call(["report", name, "--input", f"{name}.npz", "--out", f"{name}-out", *options], monkeypatch) == 0
    assert call(["simulate", name, "--input", f"{name}.npz", "-o", f"{name}-spikes.npz", *options], monkeypatch) == 0
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    printed.out.encode()  # what is no text is spelt out
    assert json.loads(Path(f"{name}-out/report.json").read_text(encoding="utf-8"))["stamp"]["data"]
