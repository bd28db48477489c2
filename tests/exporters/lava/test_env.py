"""Finding the Lava interpreter."""

import pytest

from snnhw.exporters.lava.env import find_interpreter, status


@pytest.mark.lava
def test_status_names_a_working_interpreter(monkeypatch):
    monkeypatch.delenv("SNNHW_LAVA_PYTHON", raising=False)
    found = status()
    assert found.works and found.version == "0.10.0" and found.problem is None
    assert find_interpreter() == found.path
    monkeypatch.setenv("SNNHW_LAVA_PYTHON", found.path)
    assert status() == found
