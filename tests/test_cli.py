"""The program: verbs by name, versions, and what starting it imports."""

import subprocess
import sys

import pytest

from snnhw.cli import COUNTS_VERBS, GROUPS, LAVA_VERBS, NENGO_VERBS, VERBS, main
from snnhw.nir.io import write_nir
from snnhw.workflows.load import load_model


def test_every_verb_explains_itself(monkeypatch, capsys):
    named = {"lava": LAVA_VERBS, "nengo": NENGO_VERBS, "counts": COUNTS_VERBS}
    groups = [[group, verb] for group, verbs in named.items() for verb in verbs]
    for arguments in ([], *([verb] for verb in VERBS), *groups):
        monkeypatch.setattr(sys, "argv", ["snnhw", *arguments, "--help"])
        with pytest.raises(SystemExit) as end:
            main()
        assert not end.value.code and "Usage" in capsys.readouterr().out


def test_the_help_lists_every_verb_under_one_heading(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["snnhw", "--help"])
    with pytest.raises(SystemExit):
        main()
    shown = capsys.readouterr().out
    places = [shown.index(heading) for heading in GROUPS]
    assert places == sorted(places) and sum(map(len, GROUPS.values())) == len(VERBS)
    for heading, verbs in GROUPS.items():
        block = shown[shown.index(heading) :].partition("╰")[0]
        listed = [line.split()[1] for line in block.splitlines() if line[:2] == "│ " and line[2] != " "]
        more = {"This machine": ["lava", "nengo"], "What does it cost": ["counts"]}
        assert listed == [*verbs, *more.get(heading, [])]


def test_versions_are_one_a_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["snnhw", "--version"])
    with pytest.raises(SystemExit):
        main()
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == ["python", "snnhw", "torch", "numpy", "nir", "lava-nc"]


def test_starting_it_imports_nothing_heavy():
    heavy = ("torch", "pandas", "nir", "matplotlib", "lightning_fabric", "pyarrow")
    code = f"import sys, snnhw.cli; print([m for m in {heavy!r} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [["profiles"], ["zoo"], ["datasets"], *(["check", "{}", "--target", t] for t in ("nir", "loihi1"))],
    ids=" ".join,
)
def test_verbs_that_run_no_network_need_neither_torch_nor_pandas(tmp_path, arguments):
    file = write_nir(load_model("digits").graph, tmp_path / "digits.nir")
    given = [str(file) if argument == "{}" else argument for argument in arguments]
    code = (
        f"import sys; sys.argv = ['snnhw', *{given!r}, '--json']; from snnhw.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code in (None, 0, 1), end.code\n"
        "print([m for m in ('torch', 'pandas') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]" and done.stdout.startswith("{")
