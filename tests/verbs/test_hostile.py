"""Files of somebody who means harm: no code runs, nothing is written outside, and the page of a report does nothing."""

from __future__ import annotations

import io
import json
import pickle
import re
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import nir
import numpy as np
import pytest
import torch

from snnhw.analysis.hardware import profiles
from tests.browser import installed_browser
from tests.verbs.test_misuse import call

OWN = "document.documentElement.setAttribute('data-owned','1')"
IMAGE = f"\"'><img src=x onerror={OWN}>"
PAYLOAD = f"{IMAGE}</title></style></script></svg><script>{OWN}</script><svg onload={OWN}><a href=javascript:{OWN}>"
LINKS = ("href", "src", "srcset", "action", "formaction", "data", "poster", "ping", "to", "values")
HARMLESS = ("#", "data:,", "data:image/png;base64,", "https://doi.org/10.")
FETCHES = re.compile(r"@import|expression\(|url\((?!['\"]?#)")


class Evil:
    """What unpickles to a call that leaves a file behind."""

    def __reduce__(self):
        return (Path.touch, (Path("owned"),))


def evil_zip(name: str) -> bytes:
    """A checkpoint of torch whose pickle is another."""
    made = io.BytesIO()
    torch.save({"voting.weight": torch.ones(1)}, made)
    file = io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.namelist():
            new.writestr(member, pickle.dumps(Evil(), 2) if member.endswith("data.pkl") else old.read(member))
    return file.getvalue()


def evil_arrays(write) -> bytes:
    file = io.BytesIO()
    write(file, np.array([[Evil()]], object))
    return file.getvalue()


CODE = {
    "checkpoint": ("a.pth", lambda: evil_zip("a"), ["evaluate", "a.pth", "--input", "digits:test"]),
    "old checkpoint": ("a.pth", lambda: pickle.dumps(Evil(), 2), ["evaluate", "a.pth", "--input", "digits:test"]),
    "array": ("a.npy", lambda: evil_arrays(np.save), ["evaluate", "digits", "--input", "a.npy"]),
    "arrays": (
        "a.npz",
        lambda: evil_arrays(lambda file, array: np.savez(file, input=array)),
        ["evaluate", "digits", "--input", "a.npz"],
    ),
    "pictures": (
        "cifar-10-batches-py/test_batch",
        lambda: pickle.dumps({b"data": Evil(), b"labels": [1]}, 2),
        ["evaluate", "digits", "--input", "cifar10:test", "--data", "."],
    ),
}


@pytest.mark.parametrize("kind", CODE)
def test_no_code_runs(tmp_path, monkeypatch, capsys, kind):
    monkeypatch.chdir(tmp_path)
    name, content, arguments = CODE[kind]
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_bytes(content())
    assert call(arguments, monkeypatch) == 2
    assert not Path("owned").exists() and capsys.readouterr().err.count("\n") == 1
    pickle.loads(pickle.dumps(Evil(), 2))  # that it would
    assert Path("owned").exists()


class Vectors(HTMLParser):
    """All that could run code or fetch something in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.found: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        if tag in ("iframe", "object", "embed", "base", "form", "foreignobject", "applet", "frame", "portal"):
            self.found.append(tag)
        for name, value in attributes:
            value = re.sub(r"[\x00-\x20]", "", value or "").lower()
            link = name.rpartition(":")[2] in LINKS and not value.startswith(HARMLESS)
            acts = name.startswith("on") or name in ("srcdoc", "http-equiv")
            if acts or link or (name == "style" and FETCHES.search(value)):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts.append(data)
        if self.inside == "style" and FETCHES.search(data):
            self.found.append(f"style {data}")

    def handle_endtag(self, tag):
        self.inside = ""


def hostile_files() -> list[str]:
    """A profile, a NIR file and samples whose texts and names carry the payload; the report's arguments."""
    text = (profiles.FOLDER / "horowitz45-fp32.toml").read_text()
    text = re.sub(r'^(name|title|source|note) = ".*"$', lambda m: f"{m[1]} = {json.dumps(PAYLOAD)}", text, flags=re.M)
    Path("a.toml").write_text(text)
    model, data = f"{IMAGE}.nir", f"{IMAGE}.npz"
    unit = f"u{IMAGE}<script>{OWN}"
    ones = np.ones(3, np.float32)
    nodes = {
        "input": nir.Input({"input": np.array([4])}),
        f"c{IMAGE}": nir.Affine(np.ones((3, 4), np.float32), np.zeros(3, np.float32)),
        unit: nir.LIF(tau=ones * 2e-4, r=ones * 2, v_leak=ones * 0, v_threshold=ones, v_reset=ones * 0),
        "output": nir.Output({"output": np.array([3])}),
    }
    nir.write("model.nir", nir.NIRGraph(nodes, list(zip(list(nodes), list(nodes)[1:], strict=False)), type_check=False))
    Path("model.nir").rename(model)
    np.savez("data.npz", input=np.random.default_rng(0).random((3, 4)).astype(np.float32))
    Path("data.npz").rename(data)
    return ["report", model, "--input", data, "--profile", "a.toml", "--timesteps", "4", "--out", "out"]


@pytest.fixture
def page(tmp_path, monkeypatch, capsys) -> Path:
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    arguments = hostile_files()
    before = {*inside.iterdir()}
    assert call(arguments, monkeypatch) == 0, capsys.readouterr().err
    assert {*inside.iterdir()} - before == {inside / "out"} and {*tmp_path.iterdir()} == {inside}
    assert {p.name for p in (inside / "out").rglob("*")} == {
        *("report.html", "report.json", "layers.csv", "energy.csv", "counts.parquet"),
    }
    return inside / "out/report.html"


@pytest.mark.slow
def test_the_page_has_its_own_script_and_nothing_else_that_acts(page):
    text = page.read_text()
    assert text.count("onerror") > 3  # the payload is there, as text
    own = (Path(profiles.__file__).parents[1] / "report/templates/report.js").read_text()
    found = Vectors(text)
    assert [line for line in "".join(found.scripts).splitlines() if line] == [line for line in own.splitlines() if line]
    assert found.found == []
    careless = Vectors(text.replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"'))
    assert any("onerror" in vector for vector in careless.found)


def in_browser(browser: str, path: Path, profile: Path) -> str:
    """The page after its scripts, as a browser shows it."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=5000", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def owned(page: str) -> bool:
    """Whether the payload has run: it marks the root of the page."""
    return re.search(r"<html[^>]*data-owned", page) is not None


@pytest.mark.very_slow
def test_a_browser_runs_nothing_of_it(page, tmp_path):
    """Fails, never skips, where there is no Chromium; `make test` runs the test before this one in its place."""
    browser = installed_browser()
    shown = in_browser(browser, page, tmp_path / "browser")
    assert "hardware report" in shown and not owned(shown)
    careless = page.with_name("careless.html")
    careless.write_text(page.read_text().replace("&lt;", "<").replace("&gt;", ">").replace("&#34;", '"'))
    assert owned(in_browser(browser, careless, tmp_path / "browser"))
