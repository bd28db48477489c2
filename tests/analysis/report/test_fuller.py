"""A report of stored counts replaces none that says more, unless that is wanted; its prices are no loss."""

from __future__ import annotations

import dataclasses
import json

import pytest

from snnhw.analysis.report.fuller import CHAPTERS, RUN, check_replaced, lost
from snnhw.analysis.report.stamp import NOT_KEPT
from snnhw.analysis.report.writing import plain
from snnhw.errors import InputError
from tests.analysis.report_sample import sample_report


def stored(report):
    """As of stored counts: without the chapters of the network, and without the time of counting."""
    sections = {"certificate": None, "quantisation": (), "levels": (), "steps": (), "relays": ()}
    known = {field.name for field in dataclasses.fields(report)}
    assert set(sections) <= known
    stamp = dataclasses.replace(report.stamp, counted=NOT_KEPT)
    return dataclasses.replace(report, stamp=stamp, **sections)


def test_every_chapter_that_goes_is_named_and_nothing_else(report):
    whole, few = plain(report.to_dict()), stored(report)
    assert lost(whole, report) == () and lost(plain(few.to_dict()), few) == ()
    now = few.to_dict()
    gone = [words for key, words in CHAPTERS.items() if whole[key] and not now[key]]
    assert len(gone) >= 3 and lost(whole, few) == (*gone, RUN)
    assert lost({**whole, "energy": {}}, few) == (*gone, RUN)


def test_a_plain_run_is_more_than_its_counts():
    report = sample_report(complete=False)
    assert RUN in lost(plain(report.to_dict()), stored(report))


@pytest.mark.parametrize("content", [[], 3, None, {}, {"stamp": 1, "levels": []}, {"stamp": {}}])
def test_other_content_has_no_chapters(report, content):
    assert lost(content, stored(report)) == ()


def test_it_is_refused_before_it_is_lost(report, tmp_path):
    few, file = stored(report), tmp_path / "report.json"
    check_replaced(tmp_path, few)
    file.write_text("")
    check_replaced(tmp_path, few)
    file.write_text(json.dumps(plain(report.to_dict())))
    with pytest.raises(InputError, match=r"tells more than this report.*raster of an example; choose another"):
        check_replaced(tmp_path, few)
    check_replaced(tmp_path, few, force=True)
    check_replaced(tmp_path, report)
