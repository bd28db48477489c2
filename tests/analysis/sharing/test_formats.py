"""Every format is an option of `snnhw report`, writes files of its own, and none takes the name of another's."""

from __future__ import annotations

import inspect

import pytest

from snnhw.analysis.report.place import REPORT
from snnhw.analysis.sharing.formats import FILES, FORMATS, check_formats, write_formats
from snnhw.errors import InputError
from snnhw.verbs.reports import report as verb
from tests.analysis.report_sample import sample_report


def test_every_format_is_an_option_and_its_files_are_its_own(tmp_path):
    assert set(FORMATS) == set(FILES) <= set(inspect.signature(verb).parameters)
    report = sample_report(complete=False)
    seen = set(REPORT)
    for name in FORMATS:
        paths = write_formats(report, [name], tmp_path / "out")
        assert {path.name for path in paths} <= set(FILES[name])
        assert write_formats(report, [name], tmp_path / "out") == paths  # over itself
        assert paths and all(path.stat().st_size > 100 for path in paths)
        assert not seen & {path.name for path in paths}
        seen |= {path.name for path in paths}
    assert {path.name for path in (tmp_path / "out").iterdir()} == seen - set(REPORT)
    assert write_formats(report, [], tmp_path / "none") == () and not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_the_users_stays_unless_forced_and_nothing_is_written_beside_it(tmp_path, name):
    report, mine = sample_report(complete=False), tmp_path / FILES[name][0]
    mine.write_text("mine")
    for refusing in (lambda: check_formats([name], tmp_path), lambda: write_formats(report, [*FORMATS], tmp_path)):
        with pytest.raises(InputError, match=f"{mine.name} exists and is of no report; choose another folder or give"):
            refusing()
    assert [path.name for path in tmp_path.iterdir()] == [mine.name] and mine.read_text() == "mine"
    check_formats([other for other in FORMATS if other != name], tmp_path)
    assert mine in write_formats(report, [name], tmp_path, force=True) and mine.read_text() != "mine"
