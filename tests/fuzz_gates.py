"""Damaged files for every gate, many and fast: `python -m tests.fuzz_gates --cases 120000 --seed 1`, or `make fuzz`.

Each case is a good file after a few changes, drawn from the seed and its number alone, so that it can be made again.
Wrong is an exception that is no refusal, a warning of NumPy's, a refusal of several lines, a read that takes longer
than `SECONDS`, and memory beyond `BOUND`. What is wrong is printed with its case, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import os
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from snnhw.analysis.difference.reading import read_side
from snnhw.analysis.hardware import chips, profiles
from snnhw.analysis.report.frames import layers_frame
from snnhw.analysis.report.writing import csv_text
from snnhw.analysis.stored.table import read_counts, write_counts
from snnhw.data.aedat import read_aedat2
from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.runtime.network import LavaRunError, load_network
from snnhw.gates.folder import MANIFEST, place_for
from snnhw.gates.numpy_file import read_arrays
from snnhw.gates.plain_text import check_plain, read_json, read_toml
from snnhw.nir.io import read_nir, write_nir
from snnhw.nn import build
from snnhw.nn.from_onnx import from_onnx
from snnhw.nn.official import read_checkpoint
from snnhw.sweeps.spec import read_spec
from snnhw.train import recipe
from snnhw.train.card import CARD, WEIGHTS
from snnhw.train.checkpoint import read_state, save_state
from snnhw.train.run import load_run
from snnhw.zoo import zoo_path
from tests.analysis.difference.runs import sample_run
from tests.analysis.report_sample import sample_report
from tests.analysis.stored.runs import whole
from tests.exporters.lava.nets import residual
from tests.nir.builders import net as small_net
from tests.nn.onnx_files import conv_net

ALLOWED_GIB = "0.0625"  # SNNHW_MAX_GIB while it runs: 64 MiB
BOUND = 256 * 2**20  # bytes that a process may grow by: what is allowed, read, unpacked and made an array
SECONDS = 60  # for one file, on a busy machine
REFUSALS = (InputError, LavaRunError)
WORDS = (b"PK\x03\x04", b"PK\x01\x02", b"<f8", b"|O", b"(2, ", b"9" * 30, b"[" * 40, b"{" * 40, b'"a":', b"1e400")
SWEEP = b"""recipe = "digits"
trials = 9
objectives = ["accuracy", "latency"]
[set]
epochs = 1
[space]
arguments.timesteps = { low = 1, high = 4, step = 1 }
deployment = ["channels", "shared"]
lr = { low = 1e-3, high = 1.0, log = true }
"""
WORDS += (b"\\ud800", b"'''", b"inf", b"nan", b"a.b.c", b"-1", b"cos\nsystem\n", b"\xff" * 8, b"\0" * 8, b"null")


@dataclass(frozen=True)
class Gate:
    """Good files, where they go in an empty folder, and what reads them."""

    good: tuple[bytes, ...]
    read: Callable[[Path], object]  # of the folder
    name: str = "a"
    prepare: Callable[[Path], None] = lambda folder: None  # once, for what stands beside
    finish: Callable[[Path], None] = lambda folder: None  # after a file has been put there
    every: int = 1  # it gets one file in so many, since reading one takes so long


def changed(content: bytes, chance: random.Random) -> bytes:
    """After up to four changes: bits flipped, bytes cut, doubled, put in or made extreme, the end cut off.

    Half of the files keep their length, so that what stands behind the head is met too.
    """
    found, kinds = bytearray(content), chance.choice(((0, 4, 6), range(7)))
    for _ in range(chance.randint(1, 4)):
        place, length = chance.randrange(len(found) + 1), chance.randint(1, 8)
        kind = chance.choice(kinds)
        if kind == 0 and place < len(found):
            found[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del found[place : place + length]
        elif kind == 2:
            del found[place:]
        elif kind == 3:
            found[place:place] = found[place : place + 16 * length]
        elif kind == 4:
            found[place : place + length] = chance.choice((b"\xff", b"\0", b"\x7f")) * len(
                found[place : place + length]
            )
        elif kind == 5:
            found[place:place] = chance.choice(WORDS)
        else:
            found[place : place + length] = chance.randbytes(len(found[place : place + length]))
    return bytes(found)


def gates() -> dict[str, Gate]:
    """All of them by name."""
    return {**_plain(), **_networks(), **_data()}


def _saved(write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "a")
        return (Path(folder) / "a").read_bytes()


def _npz(compression: int = zipfile.ZIP_STORED, **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", _npy(array))
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _toml(folder: Path) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(folder.glob("*.toml")))[:6]


def _plain() -> dict[str, Gate]:
    arrays = (_npy(np.ones((2, 3))), _npy(np.eye(2, dtype=">f4")), _npz(input=np.arange(4.0), target=np.arange(4)))
    packed = _npz(zipfile.ZIP_DEFLATED, input=np.arange(300.0))
    text = b'{"model": "digits", "arguments": {"widths": [1, 2, 3]}, "accuracy": 0.5, "note": "\\u00e9\\ud83d\\ude00"}'
    tables = b'name = "a"\n[constants.synop]\nvalue = 1.5e-3\nt = 1979-05-27T07:32:00Z\n[[x]]\ny = {a.b = [1, 2]}\n'
    manifest = json.dumps({"format": 1, "files": {"a/b": ["0" * 64], "c": []}}).encode()
    return {
        "NumPy": Gate((*arrays, packed), lambda at: read_arrays(at / "a", ["input"], ["target"])),
        "JSON": Gate((text,), lambda at: check_plain(read_json(at / "a", "card", "look"))),
        "TOML": Gate((tables,), lambda at: check_plain(read_toml(at / "a", "profile", "look"))),
        "profile": Gate(_toml(profiles.FOLDER), lambda at: profiles.load_profile(at / "a.toml"), "a.toml"),
        "chip": Gate(_toml(chips.FOLDER), lambda at: chips.load_chip(at / "a.toml"), "a.toml"),
        "counts": Gate((_saved(lambda path: write_counts(path, whole())),), lambda at: read_counts(at / "a"), every=20),
        "recipe": Gate(_toml(recipe.FOLDER), lambda at: recipe.load_recipe(at / "a.toml"), "a.toml"),
        "sweep": Gate((SWEEP,), lambda at: read_spec(at / "a.toml"), "a.toml", every=5),
        "report": Gate((json.dumps(sample_run()).encode(),), lambda at: read_side(at / "a.json"), "a.json", every=50),
        "table of counts": Gate((_layers(),), lambda at: read_side(at / "a.csv"), "a.csv", every=5),
        "list of an export": Gate((manifest,), lambda at: place_for(at), MANIFEST),
    }


def _layers() -> bytes:
    return csv_text(layers_frame(sample_report(complete=False).counts)).encode()


def _networks() -> dict[str, Gate]:
    small = build("digits_ds_resnet8", widths=(2, 3, 4), timesteps=2)
    card = json.loads((zoo_path("digits") / CARD).read_text()) | {"arguments": {"widths": [2, 3, 4], "timesteps": 2}}
    weights = safetensors.torch.save(small.state_dict())

    def signed(folder: Path) -> None:
        checksum = sha256((folder / WEIGHTS).read_bytes()).hexdigest()
        (folder / CARD).write_text(json.dumps({**card, "weights_checksum": checksum}))

    state = _saved(lambda path: save_state(path, small, None, {"rows": [{"epoch": 1.0}], "notes": []}))
    official = {"voting.weight": torch.ones(2, 3), "conv1.weight": torch.ones(3, 2, 3, 3), "voting.bias": torch.ones(2)}
    checkpoints = tuple(
        _saved(lambda path, zipped=zipped: torch.save({"model": official}, path, _use_new_zipfile_serialization=zipped))
        for zipped in (True, False)
    )
    lava = io.BytesIO()
    lower(residual(1, levels=1)[1]).save(lava)
    nir = _saved(lambda path: write_nir(small_net(), path))
    return {
        "card": Gate(
            (json.dumps({**card, "weights_checksum": sha256(weights).hexdigest()}).encode(),),
            load_run,
            CARD,
            prepare=lambda at: (at / WEIGHTS).write_bytes(weights) and None,
        ),
        "weights": Gate((weights,), load_run, WEIGHTS, finish=signed, every=50),
        "state of a run": Gate((state,), lambda at: read_state(at / "a")),
        "checkpoint": Gate(checkpoints, lambda at: read_checkpoint(at / "a")),
        "network of Lava": Gate((lava.getvalue(),), lambda at: load_network(at / "a")),
        "ONNX": Gate((conv_net()[0].SerializeToString(),), lambda at: from_onnx(at / "a"), every=5),
        "NIR": Gate((nir,), lambda at: read_nir(at / "a.nir"), "a.nir", every=1000),
    }


def _data() -> dict[str, Gate]:
    images = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 28, 28) + bytes(2 * 784)
    labels = bytes([0, 0, 8, 1]) + struct.pack(">I", 2) + bytes([1, 2])
    pictures = np.zeros((2, 3072), np.uint8)
    packed = {"x": np.uint8([1, 2]), "y": np.uint8([1, 2]), "p": np.packbits([1, 0]), "dt": np.uint16([1, 2])}
    packed |= {"offsets": np.int32([0, 1, 2]), "labels": np.uint8([7, 2])}
    events = b"".join(bytes([x, x, p << 7, 0, x]) for x, p in ((1, 1), (2, 0), (33, 1)))
    aedat2 = b"#!AER-DAT2.0\r\n# head\r\n" + b"".join(struct.pack(">II", 3 << 8 | 5 << 1 | 1, t) for t in (1, 20_000))
    head = b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + struct.pack("<HHIIIIII", 1, 0, 8, 4, 0, 2, 2, 2)
    aedat3 = head + b"".join(struct.pack("<II", 3 << 17 | 5 << 2 | 1, t) for t in (100, 40_000))

    def beside(name: str, content: bytes) -> Callable[[Path], None]:
        def write(folder: Path) -> None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

        return write

    return {
        "IDX": Gate(
            (images,),
            lambda at: load("mnist", "test", at),
            "mnist/t10k-images-idx3-ubyte",
            prepare=beside("mnist/t10k-labels-idx1-ubyte", labels),
        ),
        "CIFAR-10, pickle": Gate(
            (pickle.dumps({b"data": pictures, b"labels": [1, 2]}, protocol=2),),
            lambda at: load("cifar10", "test", at),
            "cifar-10-batches-py/test_batch",
        ),
        "CIFAR-10, binary": Gate(
            (bytes(2 * 3073),), lambda at: load("cifar10", "test", at), "cifar-10-batches-bin/test_batch.bin"
        ),
        "CIFAR-10, packed": Gate(
            (lzma.compress(_npy(np.zeros((2, 3, 32, 32), np.uint8))),),
            lambda at: load("cifar10", "test", at),
            "cifar10_test_batch.npy.xz",
            prepare=beside("cifar10_labels.npz", _npz(train=np.arange(2), test=np.arange(2))),
        ),
        "N-MNIST": Gate((events,), lambda at: load("nmnist", "test", at, 2), "NMNIST/Test/3/00001.bin"),
        "N-MNIST, packed": Gate(
            (_npz(**{f"test_{key}": value for key, value in packed.items()}),),
            lambda at: load("nmnist", "test", at, 2),
            "nmnist_small.npz",
        ),
        "DVS-Gesture": Gate(
            (aedat3,),
            lambda at: load("dvsgesture", "test", at, 4),
            "DvsGesture/user24_led.aedat",
            prepare=beside("DvsGesture/user24_led_labels.csv", b"class,start,end\n3,100,50000\n"),
        ),
        "DVS-Gesture, labels": Gate(
            (b"class,start,end\n3,100,50000\n11,50000,60000\n",),
            lambda at: load("dvsgesture", "test", at, 4),
            "DvsGesture/user24_led_labels.csv",
            prepare=beside("DvsGesture/user24_led.aedat", aedat3),
        ),
        "CIFAR10-DVS": Gate((aedat2,), lambda at: read_aedat2(at / "a")),
    }


@dataclass
class Outcome:
    """What a gate did with its files."""

    cases: int = 0
    refused: int = 0
    wrong: int = 0
    grown: int = 0  # bytes of memory
    seconds: float = 0.0


def run(name: str, gate: Gate, numbers: Iterator[int], seed: int, say: Callable[[str], object] = print) -> Outcome:
    """Give the gate the files of these numbers; what is wrong is said."""
    found, started = Outcome(), time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        gate.prepare(at)
        path = at / gate.name
        path.parent.mkdir(parents=True, exist_ok=True)
        for good in gate.good:  # else the gate would refuse all for a reason that is not looked for
            path.write_bytes(good)
            gate.finish(at)
            gate.read(at)
        before = _memory_bytes()
        for number in numbers:
            chance = random.Random(f"{seed} {name} {number}")
            path.write_bytes(changed(chance.choice(gate.good), chance))
            gate.finish(at)
            found.cases += 1
            signal.alarm(SECONDS)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", RuntimeWarning)  # NumPy's, of a division by 0 or a cast of NaN
                    gate.read(at)
            except REFUSALS as refused:
                found.refused += 1
                if "\n" in str(refused) or len(str(refused)) > 1500:
                    found.wrong += 1
                    say(f"{name}, case {number} of seed {seed}: the refusal is {str(refused)[:300]!r}")
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                found.wrong += 1
                say(f"{name}, case {number} of seed {seed}: {type(error).__name__}: {str(error)[:300]}")
            finally:
                signal.alarm(0)
        found.grown = max(0, _memory_bytes() - before)
    found.seconds = time.monotonic() - started
    return found


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"it takes more than {SECONDS} s")


def _memory_bytes() -> int:
    """The most that this process has had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=120_000, help="of all gates together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gate", help="the one that is tried")
    parser.add_argument("--case", type=int, help="the one file that is tried, as a line has named it")
    given = parser.parse_args()
    os.environ["SNNHW_MAX_GIB"] = ALLOWED_GIB
    torch.set_num_threads(1)
    chosen = {name: gate for name, gate in gates().items() if given.gate in (None, name)}
    each = given.cases / sum(1 / gate.every for gate in chosen.values())
    whole = Outcome()
    print(f"{'gate':20}  {'files':>7}  {'refused':>7}  {'wrong':>5}  {'MiB more':>8}  {'seconds':>7}", flush=True)
    for name, gate in chosen.items():
        numbers = range(1 + int(each / gate.every))
        found = run(name, gate, iter([given.case] if given.case is not None else numbers), given.seed)
        beyond = found.grown > BOUND
        print(
            f"{name:20}  {found.cases:7}  {found.refused:7}  {found.wrong:5}  {found.grown / 2**20:8.1f}  "
            f"{found.seconds:7.1f}{'  beyond the bound' if beyond else ''}",
            flush=True,
        )
        whole.cases += found.cases
        whole.wrong += found.wrong + beyond
        whole.seconds += found.seconds
    print(f"{whole.cases} files with seed {given.seed}: {whole.wrong} wrong, {whole.seconds:.0f} s")
    sys.exit(whole.wrong > 0)


if __name__ == "__main__":
    main()
