"""All faults of the tables beside, as one list: what is prepared, what is typed, and what the refusal says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from snnhw.zoo import zoo_path
from tests.exporters.lava.interpreters import fake_python
from tests.verbs import test_faults, test_lost, test_model_faults, test_text_faults
from tests.verbs.faults import written

LIMIT_GIB = "1"  # of SNNHW_MAX_GIB, which the faults about memory need


@dataclass(frozen=True)
class Case:
    """A fault, met by a verb in an empty folder that `make` has filled."""

    make: Callable[[], object]
    arguments: tuple[str, ...]
    says: str
    environment: Mapping[str, str] | None = None


def all_cases() -> dict[str, Case]:
    """By name, which says the table first."""
    return {**_samples(), **_models(), **_texts(), **_lost(), **OUTPUTS, **SETTINGS, **LAVA}


def _samples() -> dict[str, Case]:
    verbs, found = test_faults.ON_SAMPLES, {}
    for index, (name, (make, says)) in enumerate(test_faults.SAMPLES.items()):
        verb = verbs[index % len(verbs)]
        found[f"samples: {name}"] = Case(make, tuple(word.replace("FILE", "a.npz") for word in verb), says)
    return found


def _models() -> dict[str, Case]:
    verbs, found = test_model_faults.ON_MODELS, {}
    for index, (name, (change, says)) in enumerate(test_model_faults.RUNS.items()):
        found[f"run folder: {name}"] = Case(_run(change), tuple(verbs[index % len(verbs)]), says)
    for index, (name, (make, file, says)) in enumerate(test_model_faults.FILES.items()):
        verb = verbs[index % len(verbs)]
        found[f"file of a model: {name}"] = Case(make, tuple(file if word == "run" else word for word in verb), says)
    return found


def _run(change: Callable[[Path], None]) -> Callable[[], None]:
    def make() -> None:
        shutil.copytree(zoo_path("digits"), "run")
        change(Path("run"))

    return make


def _texts() -> dict[str, Case]:
    found = {}
    for name, (make, says) in test_text_faults.TEXTS.items():
        for verb in test_text_faults.VERBS:
            found[f"{verb[0]} of a text: {name}"] = Case(make, tuple(verb), says)
    for name, (make, verb, says) in test_text_faults.VALUES.items():
        found[f"value: {name}"] = Case(make, tuple(verb), says)
    return found


def _lost() -> dict[str, Case]:
    return {f"lost: {' '.join(words)}": Case(test_lost.fill, tuple(words), says) for words, says in test_lost.LOST}


TWO = ("--input", "digits:test", "--samples", "2", "--quiet")
WRITING: dict[str, tuple[str, ...]] = {  # every verb that writes where it is told to
    "report": ("report", "digits", *TWO, "--out", "OUT"),
    "compare": ("compare", "digits", "mnist", "--input", "digits:test", "--out", "OUT"),
    "diff": ("diff", "digits", str(zoo_path("digits")), *TWO, "--out", "OUT"),
    "train": ("train", "digits", "--quiet", "--set", "epochs=1", "--out", "OUT"),
    "simulate": ("simulate", "digits", *TWO, "-o", "OUT"),
    "export nir": ("export", "digits", "-o", "OUT"),
    "export lava": ("export", "digits", "--target", "lava", "-o", "OUT"),
    "quantise": ("quantise", "digits", "--calibrate", "digits:train", "--quiet", "-o", "OUT"),
}
PLACES: dict[str, tuple[Callable[[], object], str, str]] = {  # what is there, the path, what is said
    "in a file": (written("file", b"x"), "file/out", "file/out"),
    "in /proc": (lambda: None, "/proc/none/out", "Cannot write /proc/none"),
    "a long name": (lambda: None, "x" * 300, "ame too long"),
    "a link in a circle": (lambda: os.symlink("loop", "loop"), "loop/out", "loop"),
    "a full device": (lambda: None, "/dev/full/out", "/dev/full"),
}
OUTPUTS = {
    f"output of {verb}: {name}": Case(
        make, tuple(word.replace("OUT", path) if word == "OUT" else word for word in words), says
    )
    for verb, words in WRITING.items()
    for name, (make, path, says) in PLACES.items()
}
OUTPUTS |= {
    f"output of {verb}: {name}": Case(make, tuple("out" if word == "OUT" else word for word in WRITING[verb]), says)
    for verb, name, make, says in (
        ("report", "a page of the user's", lambda: _mine("report.html"), "out/report.html exists and is of no report"),
        ("report", "a table of the user's", lambda: _mine("layers.csv"), "out/layers.csv exists and is of no report"),
        ("report", "a folder for a page", lambda: os.makedirs("out/report.html"), "Is a directory; choose another"),
        ("compare", "a page of the user's", lambda: _mine("compare.html"), "out/compare.html exists and is of no"),
        ("compare", "a page inside", lambda: _mine("digits/report.html"), "report.html exists and is of no report"),
        ("train", "a card of the user's", lambda: _mine("model.json"), "model.json"),
        ("simulate", "a folder", lambda: os.mkdir("out"), "Is a directory"),
        ("export nir", "a folder", lambda: os.mkdir("out"), "Is a directory"),
    )
}
OUTPUTS["output of measure: a profile of the user's"] = Case(
    lambda: _mine("work.toml"),
    ("measure", "digits", *TWO, "--out", "out"),
    "out/work.toml exists and is of no measurement",
)
OUTPUTS["output of report: tables of the user's"] = Case(
    lambda: _mine("tables.tex"),
    (*WRITING["report"][:-1], "out", "--latex"),
    "out/tables.tex exists and is of no report",
)
OUTPUTS["output of report: a figure of the user's"] = Case(
    lambda: _mine("figure_energy.pdf"), (*WRITING["report"][:-1], "out", "--figures"), "out/figure_energy.pdf exists"
)
OUTPUTS["output of map: a file of the user's"] = Case(
    lambda: _mine("a.json"), ("map", "digits", *TWO, "--trace", "out/a.json"), "out/a.json exists and is no trace"
)


def _mine(name: str) -> None:
    path = Path("out", name)
    path.parent.mkdir(parents=True)
    path.write_text("mine")


SETTINGS = {
    f"setting: {setting}": Case(lambda: None, ("train", "digits", "--quiet", "--set", setting), says)
    for setting, says in (
        ("epochs=1000000000000", "give 1 to 100000"),
        ("epochs=nan", "epochs"),
        ("threads=100000", "threads"),
        ("arguments.timesteps=1000000", "a whole number of at most 10000"),
        ("timesteps_from=1" + "0" * 30, "timesteps_from"),
        ("pixels_from=1000000000", "pixels_from"),
        ("augment.shift=1000000000", "shift"),
        ("batch=0", "batch"),
        ("energy_target_nj=5", "energy_target_nj and no energy_weight"),
        ("energy_weight=-1", "energy_weight"),
        ("lr=1e400", "lr"),
        ("seed=" + "9" * 400, "give a whole number"),
    )
}
SETTINGS |= {
    f"time steps: {steps}": Case(
        lambda: None, ("evaluate", "digits", "--input", "digits:test", "--timesteps", steps), says
    )
    for steps, says in (
        ("1000000000", "One sample of 1000000000 time steps"),
        ("1" + "0" * 30, "give at most 1000000000"),
    )
}
SAYS_OTHERWISE = "does not answer as Python with Lava does"
LAVA = {
    f"Lava's interpreter: {name}": Case(
        lambda name=name, body=body: fake_python(Path(name), body),
        ("simulate", "digits", *TWO, "--backend", "lava-fixed", "-o", "out.npz"),
        says,
        {"SNNHW_LAVA_PYTHON": f"./{name}"},  # what one has said is remembered by its name
    )
    for name, body, says in (
        ("null", "echo null", SAYS_OTHERWISE),
        ("a list", "echo '[]'", SAYS_OTHERWISE),
        ("noise", "head -c 5000 /dev/urandom", ""),
        ("silence", "true", "cannot import Lava"),
        ("a signal", "kill -SEGV $$", "cannot import Lava"),
        ("no end", "exec yes", "prints without end"),
        ("another version", "echo '[\"0.9.0\"]'", "has lava-nc 0.9.0"),
    )
}
