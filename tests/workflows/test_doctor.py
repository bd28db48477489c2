"""The examination says what is so: what works is tried, what is missing is taken away in turn."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from snnhw.workflows import doctor
from snnhw.workflows.doctor import examine


@pytest.fixture(autouse=True)
def without_lava(monkeypatch):
    monkeypatch.setenv("SNNHW_LAVA_PYTHON", "/no/such/python")
    monkeypatch.setenv("SNNHW_NENGO_PYTHON", "/no/such/nengo")


def found(data_dir=None):
    return {item.name: item for item in examine(data_dir)}


def test_a_machine_on_which_the_tests_run_has_what_is_needed(monkeypatch):
    monkeypatch.delenv("SNNHW_MAX_GIB", raising=False)
    items = found()
    assert all(item.works for item in items.values() if item.needed)
    assert items["data set digits"].works and not items["Lava"].works and "/no/such/python" in items["Lava"].found
    assert "/no/such/nengo" in items["nengo-loihi"].found and items["nengo-loihi"].remedy == "run snnhw nengo install"
    assert all(item.remedy for item in items.values() if not item.works)


def test_a_variable_that_is_no_number(monkeypatch):
    monkeypatch.setenv("SNNHW_MAX_GIB", "much")
    memory = found()["memory"]
    assert not memory.works and memory.needed and "SNNHW_MAX_GIB is 'much'" in memory.found


def test_a_full_disk(monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10, 10, 2**20))
    disk = found()["disk here"]
    assert not disk.works and disk.found.startswith("1 MiB free in ") and disk.remedy.startswith("free some space")


def test_no_compiler_and_no_library(monkeypatch):
    monkeypatch.setattr("snnhw.native.library", lambda source: None)
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setattr(doctor, "EXTRAS", {"no_such_library": "report"})
    items = found()
    assert items["loops in C"].found == "not compiled (no no-such-compiler)" and not items["loops in C"].needed
    assert items["no_such_library"].remedy == "pip install 'snnhw[report]'"
