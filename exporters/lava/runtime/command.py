"""The command line of an exported folder: run its samples, or others, in Lava and check the spikes that are expected.

    python run.py [SAMPLES.npz] [-o SPIKES.npz] [--stock-conv] [--raster] [--time-limit SECONDS]

Exit codes: 0 the spikes are as expected, 1 they differ or Lava failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np

from .network import BROKEN, Array, LavaNetwork, LavaRunError, first_words, load_network, load_result
from .scratch import scratch_folder
from .supervise import supervise, worker_command

EXAMPLE, EXPECTED, NETWORK = "example.npz", "expected.npz", "network.npz"
LOGIT_TOLERANCE = 1e-6  # of float networks; integers must be equal


def main(folder: Path, arguments: list[str]) -> int:
    """Run the network in `folder`."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("samples", type=Path, nargs="?", help=f"npz with `input` [N, C, H, W] (default: {EXAMPLE})")
    parser.add_argument("-o", "--output", type=Path, help="where spikes and logits go (default: nowhere)")
    parser.add_argument("--stock-conv", action="store_true", help="Lava's own convolution instead of the fast one")
    parser.add_argument("--raster", action="store_true", help="keep every spike, packed, in the output")
    parser.add_argument("--time-limit", type=float, default=600.0, metavar="SECONDS")
    given = parser.parse_args(arguments)
    flags = ["--stock-conv"] * given.stock_conv + ["--raster"] * given.raster
    try:
        with scratch_folder("snnhw-run-") as work:
            output = work / "spikes.npz"
            samples = given.samples or folder / EXAMPLE
            command = worker_command(sys.executable, folder / NETWORK, samples, output, flags)
            supervise(command, timeout_s=given.time_limit, progress=_progress)
            arrays = load_result(output)
            sys.stderr.write(clipped(load_network(folder / NETWORK), samples))
            if given.output:
                _keep(output, given.output)
    except LavaRunError as error:
        sys.stderr.write(f"{error.traceback_text}\n{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"Cannot write {given.output or 'temporary files'}: {error.strerror}; choose another place.\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return 130
    sys.stdout.write(_table(arrays))
    return 0 if given.samples else _compare(folder / EXPECTED, arrays)


def differences(expected: dict[str, Array], arrays: dict[str, Array]) -> list[str]:
    """Names of the arrays that are not as expected; float logits may differ by rounding."""
    wrong = []
    for name, value in expected.items():
        tolerance = LOGIT_TOLERANCE if value.dtype.kind == "f" else 0.0
        found = arrays.get(name)
        if found is None or found.shape != value.shape or not np.allclose(found, value, rtol=0, atol=tolerance):
            wrong.append(name)
    return wrong


def clipped(network: LavaNetwork, samples: Path) -> str:
    """A sentence about samples, readable ones, of which the network's input clips values; empty where it clips none."""
    if not network.integer:
        return ""
    scale, limit = network.source.params["scale"], 2 ** (network.source.params["bits"] - 1)
    with np.load(samples, allow_pickle=False) as content:
        integers = np.rint(np.asarray(content["input"], np.float64) * scale)
    outside = int(((integers < -limit) | (integers > limit - 1)).sum())
    if not outside:
        return ""
    return (
        f"{outside} of {integers.size} values ({outside / integers.size:.2%}) lie outside {-limit / scale:g} to "
        f"{(limit - 1) / scale:g}, which the input takes, and were clipped; quantise with samples of the whole range.\n"
    )


def _keep(made: Path, path: Path) -> None:
    """Copy a file; one that does not fit on the disk is not left behind half."""
    try:
        shutil.copyfile(made, path)
    except OSError:
        if path.is_file():
            path.unlink()
        raise


def _compare(path: Path, arrays: dict[str, Array]) -> int:
    try:
        with np.load(path, allow_pickle=False) as content:
            wrong = differences({name: content[name] for name in content.files}, arrays)
    except BROKEN as error:
        sys.stderr.write(f"Cannot compare with {path} ({first_words(error)}); export the network again.\n")
        return 1
    if wrong:
        sys.stdout.write(f"NOT as expected: {', '.join(wrong)}\n")
        return 1
    sys.stdout.write("All spike counts and logits are as expected.\n")
    return 0


def _table(arrays: dict[str, Array]) -> str:
    units = [name[len("levels/") :] for name in arrays if name.startswith("levels/")]
    width = max([len(unit) for unit in units] + [len("unit")])
    lines = [f"{'unit':{width}}  {'neurons':>9}  {'graded':>10}  spikes of each level"]
    for unit in units:
        levels, events = arrays[f"levels/{unit}"], arrays[f"events/{unit}"]
        each = "  ".join(str(int(n)) for n in levels.reshape(len(levels), -1).sum(axis=1))
        lines.append(f"{unit:{width}}  {events.size:>9}  {int(events.sum()):>10}  {each}")
    return "\n".join([*lines, _outputs(arrays["logits"]), ""])


def _outputs(logits: Array) -> str:
    """The class of each sample; of outputs that are no row of classes, their shape and sum."""
    if logits.ndim == 2:
        return "classes: " + " ".join(str(int(n)) for n in logits.argmax(axis=1))
    return f"outputs: {list(logits.shape)}, in all {logits.sum():g}; they are no row of classes"


def _progress(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done} of {of} samples")
    sys.stderr.write("\n" if done == of else "")
    sys.stderr.flush()
