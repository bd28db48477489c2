"""One report of a small network with every section, written once for all tests of this room."""

import pytest

from snnhw.analysis.report.writing import write_report
from tests.analysis.report_sample import sample_report


@pytest.fixture(scope="session")
def report():
    return sample_report()


@pytest.fixture(scope="session")
def out(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    assert write_report(report, folder) == folder / "report.html"
    return folder


@pytest.fixture(scope="session")
def html(out):
    return (out / "report.html").read_text()
