"""How much of the memory a file may take."""

from __future__ import annotations

import pytest

from snnhw.errors import InputError
from snnhw.gates import memory
from snnhw.gates.memory import GIB, check_size, in_words, max_bytes, memory_bytes


def test_half_of_the_memory_or_what_the_variable_says(monkeypatch):
    monkeypatch.delenv("SNNHW_MAX_GIB", raising=False)
    assert max_bytes() == memory_bytes() // 2 > 2**28
    monkeypatch.setenv("SNNHW_MAX_GIB", "0.5")
    assert max_bytes() == GIB // 2
    check_size(GIB // 2, "It")
    with pytest.raises(
        InputError, match="It takes 512 MiB where 512 MiB are allowed; make it smaller or set SNNHW_MAX"
    ):
        check_size(GIB // 2 + 1, "It")


@pytest.mark.parametrize("given", ["", "much", "nan", "inf", "-1", "0"])
def test_other_values_of_the_variable_are_refused(monkeypatch, given):
    monkeypatch.setenv("SNNHW_MAX_GIB", given)
    with pytest.raises(InputError, match=f"SNNHW_MAX_GIB is {given!r}; give the GiB"):
        max_bytes()


@pytest.mark.parametrize(("written", "limit"), [("1048576\n", 2**20), ("max\n", None), ("9" * 30, None)])
def test_a_container_may_have_less(monkeypatch, tmp_path, written, limit):
    machine = memory_bytes()
    (tmp_path / "max").write_text(written)
    monkeypatch.setattr(memory, "CGROUP", tmp_path / "max")
    assert memory_bytes() == (limit or pytest.approx(machine, rel=1))
    monkeypatch.setattr(memory, "CGROUP", tmp_path / "none")
    assert memory_bytes() >= machine


def test_sizes_in_words():
    assert [in_words(n) for n in (3, 1536, 3 * 2**51)] == ["3 bytes", "1.5 KiB", "6 PiB"]
