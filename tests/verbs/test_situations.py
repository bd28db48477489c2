"""Every fault again where output is closed, narrow or plain ASCII: the same refusal, and nothing lost.

The tables are run in one process for each situation, since most of a run is the import of torch. CI runs a part of them
in each situation, another part in each; `make test-all` runs all in all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.verbs.cases import all_cases

CHECKOUT = Path(__file__).parents[2]
PLAIN = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SITUATIONS = {  # variables, and the stream that is closed
    "stdout closed": ({}, 1),
    "stderr closed": ({}, 2),
    "80 columns": ({"COLUMNS": "80"}, 0),
    "LANG=C": (PLAIN, 0),
}
SHARES = 14  # of the faults, CI runs one in so many in each situation


def faults(tmp_path, situation, share, of):
    variables, closed = SITUATIONS[situation]
    answers = tmp_path / "answers.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.verbs.situations", str(answers), str(share), str(of), str(closed)],
        cwd=CHECKOUT,
        env={**os.environ, **variables},
        preexec_fn=(lambda: os.close(closed)) if closed else None,
        stdout=None if closed == 1 else subprocess.PIPE,
        stderr=None if closed == 2 else subprocess.PIPE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(answers.read_text())
    assert list(found) == list(all_cases())[share::of]
    return {name: fault for name, fault in found.items() if fault is not None}


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_part_of_the_faults(tmp_path, situation):
    assert faults(tmp_path, situation, list(SITUATIONS).index(situation), SHARES) == {}


@pytest.mark.very_slow
@pytest.mark.parametrize("situation", SITUATIONS)
def test_all_faults(tmp_path, situation):
    assert len(all_cases()) > 150
    assert faults(tmp_path, situation, 0, 1) == {}
