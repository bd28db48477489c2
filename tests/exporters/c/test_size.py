"""Flash and RAM: what the data take is in them, and without a compiler nothing is measured."""

from __future__ import annotations

import shutil

import pytest

from snnhw.exporters.c import Options, export, size
from snnhw.exporters.c.program import program_of
from tests.exporters.c.test_c import late


def test_flash_holds_the_constants_and_ram_the_states(tmp_path):
    graph, x = late(2, 1)
    export(graph, tmp_path / "net", Options(inputs=x))
    found, made = list(size.sizes(tmp_path / "net")), program_of(graph)
    assert {each.compiler for each in found} == set(size.compilers()) and found
    for each in found:
        assert made.constant_bytes < each.flash_bytes < made.constant_bytes + 20_000
        data = made.state_bytes + made.scratch_bytes
        assert data <= each.ram_bytes < data + 1_000


def test_without_a_compiler_the_data_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert size.compilers() == {}
    graph, x = late(2, 1)
    (found,) = export(graph, tmp_path / "net", Options(inputs=x)).findings
    assert "without the code" in found.message and "install a C compiler" in found.remedy


@pytest.mark.parametrize("said", ["", "text data bss\n", "text data bss\nmany 1 2\n"])
def test_a_tool_that_says_something_else_measures_nothing(tmp_path, monkeypatch, said):
    monkeypatch.setattr(size, "_run", lambda command: said)
    assert list(size.sizes(tmp_path)) == []
