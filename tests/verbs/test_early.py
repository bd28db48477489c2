"""Names that do not exist are refused before torch is imported, and what takes seconds is announced before it."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from rich.console import Console

from snnhw.errors import InputError
from snnhw.verbs import early, terminal

OUT = ("--out", "o")
TYPOS: dict[str, tuple[str, ...]] = {  # what is said -> what is typed
    "no model 'digit'; did you mean 'digits'?": ("report", "digit", "--input", "digits:test", *OUT),
    "no data 'digts:test'; did you mean 'digits:test'?": ("report", "digits", "--input", "digts:test", *OUT),
    "no profile 'loihi1'; did you mean 'loihi1-davies2018' or 'loihi1-sanafe'?": (
        *("energy", "digits", "--profile", "loihi1"),
    ),
    "no chip 'loihi'; did you mean 'loihi1' or 'loihi2'?": ("map", "digits", "--chip", "loihi"),
    "There is no file missing.npz": ("summary", "digits", "--input", "missing.npz"),
    "There is no file missing.nir": ("simulate", "missing.nir", "--input", "digits:test"),
    "no model 'mnst'; did you mean 'mnist'?": ("compare", "digits", "mnst", "--input", "digits:test"),
    "no data 'digits:tran'; did you mean 'digits:train'?": (
        *("verify", "digits", "--input", "digits:test", "--calibrate", "digits:tran"),
    ),
    "no model 'diggits'; did you mean 'digits'?": ("export", "diggits", "-o", "a.nir"),
    "no model 'fashon'; did you mean 'fashion'?": ("quantise", "fashon", "--calibrate", "digits:train", "-o", "a"),
    "no model 'nmnis'; did you mean 'nmnist'?": ("evaluate", "nmnis"),
    "no model 'digitss'; did you mean 'digits'?": ("diagnose", "digitss", "--input", "digits:test"),
}


@pytest.mark.parametrize("said", TYPOS, ids=lambda said: TYPOS[said][0] + " " + said[:12])
def test_a_typo_is_refused_where_torch_cannot_even_be_imported(said, tmp_path):
    code = (
        f"import sys; sys.modules['torch'] = None; sys.argv = ['snnhw', *{TYPOS[said]!r}]\n"
        "from snnhw.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("terminal_there", "quiet", "torch_there", "shown"),
    [(True, False, False, True), (False, False, False, False), (True, True, False, False), (True, False, True, False)],
)
def test_loading_is_shown_on_a_screen_before_torch_is_imported(terminal_there, quiet, torch_there, shown, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=screen, force_terminal=terminal_there, highlight=False))
    without = {name: module for name, module in sys.modules.items() if name != "torch" or torch_there}
    monkeypatch.setattr(early.sys, "modules", without)
    early.check_names(["digits"], ["digits:test", None], ["odin"], ["loihi1"], quiet=quiet)
    assert (early.LOADING in screen.getvalue()) == shown


def test_a_file_of_samples_is_looked_for(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"")
    early.check_names(sources=[str(tmp_path / "x.npz")], quiet=True)
    with pytest.raises(InputError, match="There is no file"):
        early.check_names(sources=[str(tmp_path / "y.npz")], quiet=True)
