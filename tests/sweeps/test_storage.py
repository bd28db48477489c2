"""The journal survives a writer that was killed; what is no storage of this sweep is refused."""

from __future__ import annotations

import dataclasses

import pytest

from snnhw.errors import InputError
from snnhw.sweeps.storage import JOURNAL, JournalLock, mend, open_study
from tests.sweeps.made import spec_in


def test_a_line_without_an_end_is_cut_off_before_the_next_is_written(tmp_path):
    spec = spec_in(tmp_path)
    open_study(spec, tmp_path).ask()
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"op_code": 5, "trial_id"')
    open_study(spec, tmp_path).ask()
    assert len(open_study(spec, tmp_path).trials) == 2


@pytest.mark.parametrize("text", [b"", b"a\n", b"a\nb", b"b", b"x" * 10_000, b"a\n" + b"x" * 10_000])
def test_mending_keeps_whole_lines_alone(tmp_path, text):
    path = tmp_path / "j"
    path.write_bytes(text)
    mend(path)
    assert path.read_bytes() == text[: text.rfind(b"\n") + 1]


def test_a_lock_is_given_back(tmp_path):
    (tmp_path / "j").touch()
    lock = JournalLock(tmp_path / "j")
    for _ in range(2):
        assert lock.acquire()
        lock.release()


def test_another_sweep_of_this_name_is_refused(tmp_path):
    spec = spec_in(tmp_path)
    open_study(spec, tmp_path)
    open_study(dataclasses.replace(spec, trials=3), tmp_path)  # the same, for longer
    with pytest.raises(InputError, match="another seed"):
        open_study(dataclasses.replace(spec, seed=2), tmp_path)


def test_what_is_no_journal_is_refused(tmp_path):
    spec = spec_in(tmp_path)
    with pytest.raises(InputError, match="run the sweep first"):
        open_study(spec, tmp_path, new=False)
    (tmp_path / JOURNAL).write_text("not a journal\nat all\n")
    with pytest.raises(InputError, match="no storage of sweeps"):
        open_study(spec, tmp_path)


def test_a_database_holds_a_sweep_and_its_password_is_not_repeated(tmp_path):
    spec = spec_in(tmp_path)
    url = f"sqlite:///{tmp_path}/s.db"
    with pytest.raises(InputError, match="no sweep 'lean'"):
        open_study(spec, tmp_path, url, new=False)
    open_study(spec, tmp_path, url).ask()
    assert len(open_study(spec, tmp_path, url, new=False).trials) == 1 and not (tmp_path / JOURNAL).exists()
    for wrong in ("nothing", "no://user:secret@host/db", "sqlite:////nowhere/at/all/s.db"):
        with pytest.raises(InputError, match="database") as caught:
            open_study(spec, tmp_path, wrong)
        assert "secret" not in str(caught.value) and "\n" not in str(caught.value)
