"""The C program of digits on every compiler and machine at hand: spikes against the engine, flash and RAM for each.

Ways: gcc and clang with warnings as errors, both with their sanitizers, valgrind, 32-bit ARM under Linux in qemu, and a
bare Cortex-M3, M4 and M7 in qemu with nothing but newlib's semihosting. A way whose tools are missing is said and left
out. Time in an emulator says nothing of the chip, so none is printed. The last line counts ways and what differs.
`python benchmarks/c_machines.py`
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.exporters.c import Options, export
from snnhw.exporters.c.size import STRICT
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import load_model

CALIBRATION, COMPARED, TIMEOUT_S = 64, 2, 300.0
SANITIZED = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
NO_DIFFERENCE = ", 0 differ; 0 outputs differ"
START = """/* What a Cortex-M reads first: where the stack begins, and where the program does. */
extern void _start(void);
__attribute__((section(".vectors"), used)) static void (*const vectors[])(void) = {(void (*)(void))0x20400000, _start};
"""
BARE = ("-mthumb", "-Os", "--specs=rdimon.specs", "-Wl,--section-start=.vectors=0", "-Wl,-Tdata=0x20000000")
SEMIHOSTING = ("-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config", "enable=on,target=native")


@dataclass(frozen=True)
class Way:
    """How the harness is built and run: the command of the compiler, and what stands in front of the program."""

    name: str
    compiler: tuple[str, ...]
    runner: tuple[str, ...] = ()
    bare: bool = False  # needs a table of vectors

    @property
    def missing(self) -> tuple[str, ...]:
        """Tools that are not at hand."""
        return tuple(tool for tool in (self.compiler[0], *self.runner[:1]) if shutil.which(tool) is None)


def _cortex(core: str, board: str) -> Way:
    runner = ("qemu-system-arm", "-M", board, "-cpu", core, *SEMIHOSTING, "-kernel")
    return Way(f"bare {core}, {board} in qemu", ("arm-none-eabi-gcc", f"-mcpu={core}", *BARE), runner, bare=True)


WAYS = (
    Way("gcc -O2", ("gcc", "-O2")),
    Way("gcc -O3", ("gcc", "-O3", "-march=native")),
    Way("gcc, sanitizers", ("gcc", *SANITIZED)),
    Way("clang -O2", ("clang", "-O2")),
    Way("clang, sanitizers", ("clang", *SANITIZED)),
    Way("valgrind", ("gcc", "-g", "-O1"), ("valgrind", "-q", "--error-exitcode=9", "--leak-check=full")),
    Way("32-bit ARM, Linux in qemu", ("arm-linux-gnueabihf-gcc", "-O2", "-static"), ("qemu-arm",)),
    _cortex("cortex-m3", "mps2-an385"),
    _cortex("cortex-m4", "mps2-an386"),
    _cortex("cortex-m7", "mps2-an500"),
)


def tried(way: Way, folder: Path) -> str:
    """What the harness in an exported folder says, once it is compiled and run in that way.

    Raises:
        InputError: it does not compile without warnings, or a spike or an output differs.
    """
    with tempfile.TemporaryDirectory(prefix="snnhw-c-") as place:
        program, start = str(Path(place) / "program"), Path(place) / "start.c"
        start.write_text(START)
        sources = [str(folder / name) for name in ("network.c", "harness.c")] + [str(start)] * way.bare
        flags = [*way.compiler[1:], *STRICT, "-DNETWORK_OBSERVED"]
        built = _run([way.compiler[0], *flags, *sources, "-o", program])
        if built.returncode or built.stderr:
            raise InputError(f"{way.name} does not compile {folder.name}: {built.stderr.strip()}")
        done = _run([*way.runner, program])
    said = done.stdout.strip()
    if done.returncode or not said.endswith(NO_DIFFERENCE):
        raise InputError(f"{way.name} gives something else: {said} {done.stderr.strip()}")
    return said


def size(core: str, folder: Path) -> str:
    """Flash and RAM in bytes of network.c with -Os for a Cortex-M."""
    with tempfile.TemporaryDirectory(prefix="snnhw-c-") as place:
        made = str(Path(place) / "network.o")
        flags = [f"-mcpu={core}", "-mthumb", *STRICT, "-Os", "-c", str(folder / "network.c"), "-o", made]
        built = _run(["arm-none-eabi-gcc", *flags])
        if built.returncode:
            raise InputError(f"arm-none-eabi-gcc does not compile {folder.name}: {built.stderr.strip()}")
        text, data, bss = map(int, _run(["arm-none-eabi-size", made]).stdout.splitlines()[1].split()[:3])
    return f"{text + data:,} + {data + bss:,}"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def exported(name: str, folder: Path, *, events: bool, data: str | None = None) -> Path:
    """The network of the zoo as C, with images of its test set."""
    model = load_model(name)
    train, test = (
        load_inputs(f"{name}:{split}", data, model.timesteps, None).first(count)
        for split, count in (("train", CALIBRATION), ("test", COMPARED))
    )
    graph = compile_loihi(for_data(model, train, test).graph, train.values).graph
    path = folder / ("by_events" if events else "dense")
    export(graph, path, Options(inputs=test.values, events=events))
    return path


def main() -> int:
    """Print the table; 1 where a spike differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="digits", help="of the zoo (default: digits)")
    parser.add_argument("--data", default=None, help="folder with the data sets (default: SNNHW_DATA)")
    given = parser.parse_args()
    ran, wrong = 0, 0
    with tempfile.TemporaryDirectory(prefix="snnhw-c-") as place:
        folders = [exported(given.network, Path(place), events=e, data=given.data) for e in (False, True)]
        for way in WAYS:
            if way.missing:
                print(f"{way.name}: left out, {' and '.join(way.missing)} missing", flush=True)
                continue
            for folder in folders:
                ran += 1
                try:
                    print(f"{way.name}, {folder.name}: {tried(way, folder)}", flush=True)
                except InputError as error:
                    wrong += 1
                    print(error, flush=True)
        if shutil.which("arm-none-eabi-gcc") and shutil.which("arm-none-eabi-size"):
            for core in ("cortex-m0", "cortex-m4", "cortex-m7"):
                print(f"{core} -Os, bytes of flash + RAM: " + ", ".join(f"{f.name} {size(core, f)}" for f in folders))
    print(f"{given.network}: {ran} runs, {wrong} of them not as the engine")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
