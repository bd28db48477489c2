"""The C program on every compiler and machine at hand; gcc has to be there, the others are where they are installed."""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from benchmarks.c_machines import WAYS, size, tried
from snnhw.errors import InputError
from snnhw.exporters.c import Options, export
from tests.exporters.c.built import without_sizes  # noqa: F401 - a fixture
from tests.exporters.c.test_c import counted, late

AT_HAND = [way for way in WAYS if not way.missing]


def test_gcc_is_at_hand():
    assert {"gcc -O2", "gcc -O3", "gcc, sanitizers"} <= {way.name for way in AT_HAND}


@pytest.mark.usefixtures("without_sizes")
@pytest.mark.parametrize("way", AT_HAND, ids=lambda way: way.name)
@pytest.mark.parametrize("events", [False, True], ids=["dense", "by events"])
@pytest.mark.parametrize("network", [counted, lambda: late(2, 1)], ids=["counted", "late"])
def test_every_spike_is_that_of_the_engine(way, network, events, tmp_path):
    graph, x = network()
    export(graph, tmp_path / "net", Options(inputs=x[:2], events=events))
    assert "2 samples of " in tried(way, tmp_path / "net")


@pytest.mark.usefixtures("without_sizes")
@pytest.mark.parametrize("way", AT_HAND, ids=lambda way: way.name)
def test_every_way_notices_a_wrong_spike(way, tmp_path):
    graph, x = counted()
    export(graph, tmp_path / "net", Options(inputs=x[:2]))
    layers = (tmp_path / "net" / "layers.h").read_text()
    (tmp_path / "net" / "layers.h").write_text(layers.replace("membrane > parameter", "membrane + 9000 > parameter"))
    with pytest.raises(InputError, match="gives something else: first difference"):
        tried(way, tmp_path / "net")


@pytest.mark.usefixtures("without_sizes")
def test_what_does_not_compile_is_said(tmp_path):
    graph, x = late(1, 1)
    export(graph, tmp_path / "net", Options(inputs=x[:1]))
    with pytest.raises(InputError, match="does not compile net"):
        tried(dataclasses.replace(WAYS[0], compiler=("gcc", "-DNETWORK_H")), tmp_path / "net")


@pytest.mark.usefixtures("without_sizes")
def test_flash_and_ram_of_a_cortex_or_the_name_of_what_is_missing(tmp_path):
    graph, x = late(1, 1)
    export(graph, tmp_path / "net", Options(inputs=x[:1]))
    if shutil.which("arm-none-eabi-gcc") is None:
        bare = [way for way in WAYS if way.bare]
        assert all("arm-none-eabi-gcc" in way.missing for way in bare)
        return
    flash, ram = (int(number.replace(",", "")) for number in size("cortex-m4", tmp_path / "net").split(" + "))
    assert 500 < flash < 20_000 and 100 < ram < 5_000
