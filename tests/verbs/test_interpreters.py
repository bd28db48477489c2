"""The interpreters of Lava and nengo-loihi on the command line: their state and the exit code that goes with it."""

import pytest

from snnhw.exporters.lava import env as lava
from snnhw.exporters.nengo_loihi import env as nengo


@pytest.mark.parametrize(
    ("group", "variable", "env", "title"),
    [("lava", "SNNHW_LAVA_PYTHON", lava, "Lava"), ("nengo", "SNNHW_NENGO_PYTHON", nengo, "nengo-loihi")],
)
def test_status_ends_with_1_where_there_is_none(call, monkeypatch, tmp_path, group, variable, env, title):
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    found = call(group, "status", "--json", code=1)
    assert not env.status().works and found["problem"] == env.status().problem
    assert title in call(group, "status", code=1)
