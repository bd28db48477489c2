"""A report replaces the parts of a report and nothing else."""

import os

import pytest

from snnhw.analysis.report.figures import NAMES
from snnhw.analysis.report.place import (
    COMPARISON,
    COUNTS,
    CROSSBARS,
    DATA_STUDY,
    DEVICES,
    DIFFERENCE,
    ENDS,
    MEASUREMENT,
    REPORT,
    SIGNS,
    SWEEP,
    check_place,
    check_replaceable,
    is_ours,
)
from snnhw.analysis.report.writing import write_report
from snnhw.analysis.sharing.formats import FILES
from snnhw.errors import InputError
from tests.analysis.report_sample import sample_report


def test_a_report_is_known_by_its_parts(out):
    names = sorted(path.name for path in out.iterdir() if path.suffix in (".html", ".json", ".csv"))
    assert set(names) >= set(REPORT) - {COUNTS} and all(is_ours(out / name) for name in names)
    check_place(out, REPORT)


def test_every_name_has_a_sign():
    shared = {name for names in FILES.values() for name in names} - set(NAMES)
    several = {*REPORT, *COMPARISON, *DIFFERENCE, *SWEEP, *DEVICES, *MEASUREMENT, *DATA_STUDY, *CROSSBARS}
    assert set(SIGNS) == {*several, "steps.csv"} | shared


@pytest.mark.parametrize("name", [*SIGNS, *NAMES])
def test_a_file_of_somebody_else_is_refused_by_its_name_unless_forced(tmp_path, name):
    (tmp_path / name).write_text("mine")
    what = "measurement" if name in MEASUREMENT else "study" if name in DATA_STUDY else "report"
    with pytest.raises(InputError, match=f"{name} exists and is of no {what}; choose another folder or give --force"):
        check_place(tmp_path, [name])
    check_place(tmp_path, [name], force=True)
    check_place(tmp_path, [other for other in (*SIGNS, *NAMES) if other != name])
    (tmp_path / name).write_text("")
    check_place(tmp_path, [name])


def test_the_writer_looks_too_and_writes_nothing(tmp_path):
    (tmp_path / "energy.csv").write_text("mine")
    report = sample_report(complete=False)
    with pytest.raises(InputError, match=r"energy.csv exists and is of no report"):
        write_report(report, tmp_path)
    assert os.listdir(tmp_path) == ["energy.csv"]
    write_report(report, tmp_path, force=True)
    write_report(report, tmp_path)  # over itself


@pytest.mark.parametrize("filling", [0, 1, ENDS, 10 * ENDS])
def test_a_single_file_is_known_by_a_sign_at_one_of_its_ends(tmp_path, filling):
    path = tmp_path / "trace.json"
    check_replaceable(path, "SIGN", "trace")
    for content in ("SIGN" + filling * "x", filling * "x" + "SIGN", ""):
        path.write_text(content)
        check_replaceable(path, "SIGN", "trace")
    path.write_text(filling * "x" + "SIG")
    with pytest.raises(InputError, match=r"trace.json exists and is no trace; choose another name or give --force"):
        check_replaceable(path, "SIGN", "trace")
    check_replaceable(path, "SIGN", "trace", force=True)
    check_replaceable("/dev/null", "SIGN", "trace")


def test_what_cannot_be_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in ("file", "file/in/it"):
        with pytest.raises(InputError, match="file is no folder; choose another path"):
            check_place(tmp_path / path, REPORT)
    (tmp_path / "out/report.html").mkdir(parents=True)
    with pytest.raises(InputError, match=r"report.html: Is a directory"):
        check_place(tmp_path / "out", REPORT, force=True)
    check_place(tmp_path / "new/and/deep", REPORT)
    assert not (tmp_path / "new").exists()
