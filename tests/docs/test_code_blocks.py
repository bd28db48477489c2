"""Every python and console block of README and documents runs, in order, in one empty folder per document.

Python blocks of a document share one namespace; console blocks run in bash and stop at the first error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
DOCUMENTS = {  # -> (python blocks, console blocks), so that a block that is no longer found is missed
    "README.md": (2, 2),
    "docs/index.md": (1, 3),
    "docs/walks.md": (0, 5),
    "docs/cost.md": (0, 2),
    "docs/gallery.md": (0, 3),
    "docs/cite.md": (0, 2),
    "docs/dearer.md": (0, 3),
    "docs/own.md": (0, 2),
    "docs/differences.md": (1, 2),
    "docs/counts.md": (2, 2),
    "docs/sharing.md": (2, 3),
    "docs/tutorial.md": (7, 4),
    "docs/cheaper.md": (3, 11),
    "docs/sweeps.md": (1, 1),
    "docs/extending.md": (4, 1),
    "docs/modules.md": (3, 0),
    "docs/c_target.md": (0, 1),
    "docs/devices.md": (0, 1),
    "docs/bundle.md": (0, 1),
    "docs/witnesses.md": (0, 1),
    "docs/crossbars.md": (0, 1),
}
ELSEWHERE = {  # what their commands need; test_names.py looks whether verbs and options exist
    "docs/install.md": "an index of packages",
    "docs/cifar10.md": "CIFAR-10, and minutes for each command",
    "docs/little_data.md": "Fashion-MNIST and N-MNIST, and an hour",
}
NOT_RUN = ("make ",)  # CI calls these targets itself


def blocks(name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


def run_console(text: str) -> None:
    lines = [line for line in text.splitlines() if line and not line.startswith(NOT_RUN)]
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": paths, "OMP_NUM_THREADS": "1"}
    command = ("bash", "-euo", "pipefail", "-c", "\n".join(lines))
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.lava
@pytest.mark.parametrize("name", DOCUMENTS)
def test_blocks_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "document"}
    for language, text in blocks(name):
        if language == "python":
            exec(compile(text, f"{name} block", "exec", dont_inherit=True), namespace)
        elif language == "console":
            run_console(text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_block_is_overlooked(name):
    languages = [language for language, _ in blocks(name)]
    assert set(languages) <= {"python", "console", "text"}
    assert (languages.count("python"), languages.count("console")) == DOCUMENTS[name]


def test_every_document_with_commands_is_listed():
    with_code = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"))
        if any(language in ("python", "console") for language, _ in blocks(path.relative_to(ROOT).as_posix()))
    }
    assert with_code - {"CONTRIBUTING.md"} == {*DOCUMENTS, *ELSEWHERE}
    if "CONTRIBUTING.md" in with_code:
        assert all(line.startswith(NOT_RUN) for _, text in blocks("CONTRIBUTING.md") for line in text.splitlines())
