"""Every format is an option of `snnhw report`, writes files of its own, and none takes the name of another's."""

from __future__ import annotations

import inspect

from snnhw.analysis.report.place import REPORT
from snnhw.analysis.sharing.formats import FORMATS, write_formats
from snnhw.verbs.reports import report as verb
from tests.analysis.report_sample import sample_report


def test_every_format_is_an_option_and_its_files_are_its_own(tmp_path):
    assert set(FORMATS) <= set(inspect.signature(verb).parameters)
    report = sample_report(complete=False)
    seen = set(REPORT)
    for name in FORMATS:
        paths = write_formats(report, [name], tmp_path / "out")
        assert paths and all(path.stat().st_size > 100 for path in paths)
        assert not seen & {path.name for path in paths}
        seen |= {path.name for path in paths}
    assert {path.name for path in (tmp_path / "out").iterdir()} == seen - set(REPORT)
    assert write_formats(report, [], tmp_path / "none") == () and not (tmp_path / "none").exists()
