"""Without Optuna one sentence says what to install."""

from __future__ import annotations

import pytest

from snnhw.errors import InputError
from snnhw.sweeps import available


def test_it_is_here():
    available.check_available()


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(available, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"snnhw\[sweep\]"):
        available.check_available()
    monkeypatch.undo()
    monkeypatch.setattr(available, "no_parquet", lambda: "it is missing")
    with pytest.raises(InputError, match="it is missing"):
        available.check_available()
