"""The interpreter of Lava on the command line: its state and the exit code that goes with it."""

from snnhw.exporters.lava.env import status


def test_status_ends_with_1_where_there_is_none(call, monkeypatch, tmp_path):
    monkeypatch.setenv("SNNHW_LAVA_PYTHON", str(tmp_path / "none"))
    found = call("lava", "status", "--json", code=1)
    assert not status().works and found["problem"] == status().problem
    assert "Lava" in call("lava", "status", code=1)
