"""A few damaged files for every gate; `make fuzz` gives them many."""

from __future__ import annotations

import pytest

from tests.fuzz_gates import ALLOWED_GIB, BOUND, Gate, gates, run

FILES = 60  # of a gate


@pytest.mark.slow
def test_damaged_files_are_read_or_refused_in_bounded_memory(monkeypatch):
    monkeypatch.setenv("SNNHW_MAX_GIB", ALLOWED_GIB)
    said: list[str] = []
    for name, gate in gates().items():
        found = run(name, gate, iter(range(1 + FILES // gate.every)), seed=0, say=said.append)
        assert found.cases > 0 and found.grown < BOUND
    assert said == []


def test_what_is_wrong_is_seen(monkeypatch):
    def careless(folder):
        content = (folder / "a").read_bytes()
        if len(content) != 3:
            raise IndexError("of an array")

    said: list[str] = []
    found = run("careless", Gate((b"abc",), careless), iter(range(50)), seed=0, say=said.append)
    assert found.cases == 50 and 0 < found.wrong == len(said)
    assert "careless, case" in said[0] and "IndexError: of an array" in said[0]
