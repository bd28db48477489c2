"""Counters that cannot be read are refused by name with the remedy; readings become joules of what they cover."""

import sys
import types

import pytest

from snnhw.analysis.metering import counters
from snnhw.analysis.metering.counters import open_counter, processor_name
from snnhw.errors import InputError


def packages(tmp_path, monkeypatch, energies, error=None):
    """A folder of RAPL as Linux has it, and a zeus that reads these mJ in turn for each package."""
    for number in range(len(energies)):
        zone = tmp_path / f"intel-rapl:{number}"
        zone.mkdir()
        (zone / "energy_uj").write_text("1\n")
    readings = [iter(values) for values in energies]

    class Packages:
        def __len__(self):
            return len(energies)

        def get_total_energy_consumption(self, number):
            return types.SimpleNamespace(cpu_mj=next(readings[number]), dram_mj=None)

    def get_cpus():
        if error is not None:
            raise error
        return Packages()

    monkeypatch.setattr(counters, "RAPL_FOLDERS", (str(tmp_path),))
    monkeypatch.setitem(sys.modules, "zeus.device.cpu", types.SimpleNamespace(get_cpus=get_cpus))


def test_all_packages_of_a_machine_are_one_counter_in_joules(tmp_path, monkeypatch):
    packages(tmp_path, monkeypatch, [[1000, 2500], [250, 500]])
    found = open_counter("cpu")
    assert (found.name, found.scope) == ("RAPL, 2 processor packages", "package")
    assert [found.read(), found.read()] == [pytest.approx(1.25), pytest.approx(3.0)]


def test_a_machine_without_rapl_says_which_folder_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(counters, "RAPL_FOLDERS", (str(tmp_path / "none"),))
    with pytest.raises(InputError, match=r"no RAPL energy counter \(.*none is missing\), .* --device cuda for a GPU"):
        open_counter("cpu")
    with pytest.raises(InputError, match=r"no device 'gpu'"):
        open_counter("gpu")


def test_a_counter_that_this_user_must_not_read_is_named(tmp_path, monkeypatch):
    packages(tmp_path, monkeypatch, [[1]], PermissionError("no"))
    monkeypatch.setattr(counters.os, "access", lambda path, mode: False)  # to root, no file is closed
    with pytest.raises(InputError, match=r"energy_uj must not be read by this user.; run sudo chmod a.r .*start zeusd"):
        open_counter("cpu")


def test_another_error_of_zeus_is_quoted(tmp_path, monkeypatch):
    packages(tmp_path, monkeypatch, [[1]], ValueError("the daemon is down.\nmore"))
    with pytest.raises(InputError, match=r"cannot be read .the daemon is down.; run sudo"):
        open_counter("cpu")


def board(monkeypatch, *, counts=True, error=None):
    class Boards:
        def get_name(self, index):
            if error is not None:
                raise error
            return f"Board {index}"

        def supports_get_total_energy_consumption(self, index):
            return counts

        def get_total_energy_consumption(self, index):
            return 4321

    monkeypatch.setitem(sys.modules, "zeus.device.gpu", types.SimpleNamespace(get_gpus=Boards))


def test_the_counter_of_a_gpu_is_that_of_its_board(monkeypatch):
    board(monkeypatch)
    found = open_counter("cuda", 1)
    assert (found.name, found.scope, found.machine) == ("NVML, total energy of the board", "gpu_board", "Board 1")
    assert found.read() == pytest.approx(4.321)


def test_a_gpu_without_a_counter_or_a_driver_is_refused(monkeypatch):
    board(monkeypatch, counts=False)
    with pytest.raises(InputError, match=r"GPU Board 0 has no NVML energy counter, which came with Volta; use a newer"):
        open_counter("cuda")
    board(monkeypatch, error=RuntimeError("Driver not loaded"))
    with pytest.raises(InputError, match=r"NVML energy counter of GPU 0 cannot be read .Driver not loaded.; install"):
        open_counter("cuda")


def test_without_zeus_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "zeus.device.gpu", None)
    with pytest.raises(InputError, match=r"read by zeus; pip install 'snnhw\[measure\]'"):
        open_counter("cuda")


def test_the_name_of_the_processor(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nmodel name\t: Maker's 9000 CPU\nmodel name\t: other\n")
    assert processor_name(str(path)) == "Maker's 9000 CPU"
    assert processor_name(str(tmp_path / "none")) == "unknown processor"
