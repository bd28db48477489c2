"""What the shell offers is what exists, and asking for it imports nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from snnhw.analysis.crossbar.array import is_crossbar, load_crossbar
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import parse
from snnhw.verbs import completing
from snnhw.zoo import zoo_path


def _load_chip(name):
    return load_crossbar(name) if is_crossbar(name) else load_chip(name)


KINDS = {
    "models": (zoo_path, "dig", "digits"),
    "data": (parse, "digits:te", "digits:test"),
    "profiles": (load_profile, "loihi1-d", "loihi1-davies2018"),
    "chips": (_load_chip, "loihi1", "loihi1"),
    "crossbars": (load_crossbar, "rram6", "rram64"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_offer_exists_and_begins_with_what_was_typed(kind):
    load, typed, only = KINDS[kind]
    offered = getattr(completing, kind)("")
    assert len(offered) == len(set(offered)) > 1
    for name in offered:
        load(name)
    assert getattr(completing, kind)(typed) == [only] and getattr(completing, kind)("no such") == []


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("snnhw energy di", ["digits"]),
        ("snnhw report digits --input digits:tr", ["digits:train"]),
        ("snnhw report digits --profile tru", ["truenorth", "truenorth-affine"]),
        ("snnhw map digits --chip lo", ["loihi1", "loihi2"]),
        ("snnhw profiles show odi", ["odin"]),
        ("snnhw compare digits ni mn", ["mnist"]),
    ],
)
def test_bash_gets_the_names_without_torch(line, offers):
    words = line.split()
    environment = {"_SNNHW_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    code = "import sys; sys.modules['torch'] = None; sys.argv = ['snnhw']; from snnhw.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, timeout=300
    )
    assert done.stdout.split() == offers, done.stderr
