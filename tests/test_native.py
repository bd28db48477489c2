"""C loops are compiled once for their source, found again, and done without where they cannot be had."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from snnhw import native

SOURCE = """
void twice(double *values, long count) {
    for (long i = 0; i < count; i++) values[i] *= FACTOR;
}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of the test's own, and nothing remembered from one test to the next."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SNNHW_NATIVE", raising=False)
    native.library.cache_clear()
    native._tell.cache_clear()
    yield tmp_path / "cache" / "snnhw"
    native.library.cache_clear()


def written(tmp_path: Path, factor: str) -> Path:
    path = tmp_path / "loops.c"
    path.write_text(SOURCE.replace("FACTOR", factor))
    return path


def scaled(source: Path, tensor: torch.Tensor) -> torch.Tensor:
    library = native.library(source)
    assert library is not None
    library.twice(native.address(tensor), ctypes.c_long(tensor.numel()))
    return tensor


def test_compiled_loops_work_on_the_memory_of_a_tensor(tmp_path: Path) -> None:
    x = torch.arange(5.0, dtype=torch.float64)
    assert scaled(written(tmp_path, "3"), x).tolist() == [0, 3, 6, 9, 12]


def test_another_source_of_the_same_name_is_another_library(tmp_path: Path, own_cache: Path) -> None:
    x = torch.ones(1, dtype=torch.float64)
    assert scaled(written(tmp_path, "3"), x).item() == 3
    native.library.cache_clear()
    assert scaled(written(tmp_path, "5"), x).item() == 15
    assert len(list(own_cache.glob("loops-*.so"))) == 2


def test_what_is_compiled_is_not_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(tmp_path, "3")
    assert native.library(source) is not None
    native.library.cache_clear()
    monkeypatch.setenv("CC", "no-such-compiler")
    assert native.library(source) is not None


@pytest.mark.parametrize("trouble", ["no compiler", "no C", "turned off", "no folder"])
def test_without_a_library_there_is_none_and_nothing_is_left_behind(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    source = written(tmp_path, "no number" if trouble == "no C" else "3")
    if trouble == "no compiler":
        monkeypatch.setenv("CC", "no-such-compiler")
    elif trouble == "turned off":
        monkeypatch.setenv("SNNHW_NATIVE", "0")
    elif trouble == "no folder":
        own_cache.parent.write_text("a file where the folder should be")
    assert native.library(source) is None
    assert not native.usable(source, torch.ones(1))
    assert not own_cache.is_dir() or not list(own_cache.iterdir())


@pytest.mark.parametrize(
    ("dtype", "usable"),
    [(torch.float32, True), (torch.float64, True), (torch.float16, False), (torch.int64, False), (torch.bool, False)],
)
def test_floats_on_the_processor_are_what_the_loops_take(tmp_path: Path, dtype: torch.dtype, usable: bool) -> None:
    source = written(tmp_path, "3")
    assert native.usable(source, torch.ones(1, dtype=dtype)) == usable
    assert not native.usable(source, torch.ones(1, dtype=dtype, device="meta"))


def test_the_address_of_nothing_is_null() -> None:
    x = torch.ones(3)
    assert native.address(None).value is None
    assert native.address(x).value == x.data_ptr() and native.address(x[1:]).value == x.data_ptr() + 4


FIRST_USE = """
import sys
from pathlib import Path
from snnhw import native
print(native.library(Path(sys.argv[1])) is not None, flush=True)
"""


def first_uses(source: Path, number: int, **variables: str) -> list[tuple[str, str]]:
    """What so many processes print, and say, that want the library at the same time."""
    environment = {**os.environ, **variables}
    command = [sys.executable, "-c", FIRST_USE, str(source)]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    return [process.communicate(timeout=300) for process in running]


def test_processes_that_compile_at_the_same_time_all_get_it_and_leave_one(tmp_path: Path, own_cache: Path) -> None:
    found = first_uses(written(tmp_path, "3"), 3, XDG_CACHE_HOME=str(own_cache.parent))
    assert found == [("True\n", "")] * 3
    assert len(list(own_cache.iterdir())) == 1


def test_without_a_compiler_one_sentence_says_so(tmp_path: Path, own_cache: Path) -> None:
    ((out, said),) = first_uses(written(tmp_path, "3"), 1, XDG_CACHE_HOME=str(own_cache.parent), CC="no-such-compiler")
    assert out == "False\n" and said.count("\n") == 1
    assert "the C loops cannot be used ([Errno 2] No such file or directory: 'no-such-compiler')" in said


def test_what_a_killed_compilation_left_goes_with_the_next(tmp_path: Path, own_cache: Path) -> None:
    for name, age_s in (("building-old", 2 * native.ABANDONED_S), ("building-now", 0.0)):
        (own_cache / name).mkdir(parents=True)
        os.utime(own_cache / name, (time.time() - age_s,) * 2)
    assert native.library(written(tmp_path, "3")) is not None
    assert {path.name for path in own_cache.iterdir() if path.suffix != ".so"} == {"building-now"}
