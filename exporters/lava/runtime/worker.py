"""Runs a saved network in Lava: `python worker.py NETWORK.npz INPUT.npz OUTPUT.npz [--stock-conv] [--raster] ...`.

Talks to its supervisor in marked lines on standard output: progress, an error with its traceback, or that it is done.
Needs numpy and lava-nc 0.10.0. INPUT.npz holds `input` [N, C, H, W] or [N, T, C, H, W].
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # 70 processes on few cores; two BLAS threads each are slower

if not __package__:  # started as a file: give the relative imports their package
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    __package__ = Path(__file__).resolve().parent.name
    __import__(__package__)

import numpy as np

from .guard import install_guard, raise_descriptor_limit, report
from .network import BROKEN, Array, LavaNetwork, LavaRunError, first_words, load_network
from .stream import Options, run_network

STOCK_GROUPS = 127


def load_frames(path: Path, network: LavaNetwork) -> Array:
    """The input as frames [N, 1 or T, *source shape] in Lava's order and the network's arithmetic.

    Integer networks take round(scale * x), half to even, clipped to their bits: int32; others float64.

    Raises:
        LavaRunError: the file is missing, its shape does not fit, or values are not finite.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            values = np.asarray(content["input"])
    except BROKEN as error:
        raise LavaRunError(
            f"Cannot read the samples in {path} ({first_words(error)}); save them under the key 'input'."
        ) from error
    shape = network.source.shape[::-1]  # (W, H, C) is (C, H, W) backwards
    if values.shape[1:] == shape:
        values = values[:, None]
    if values.shape[2:] != shape or values.shape[1] not in (1, network.timesteps) or not len(values):
        raise LavaRunError(
            f"Samples of shape {list(values.shape)} do not fit {network.name!r}; give [N, {', '.join(map(str, shape))}]"
            f" or [N, {network.timesteps}, ...]."
        )
    if values.dtype.kind not in "fiub" or not np.isfinite(values).all():
        raise LavaRunError(f"The samples in {path} are not all finite numbers; clean the data first.")
    backwards = values.transpose(0, 1, *range(values.ndim - 1, 1, -1)).astype(np.float64)
    if network.integer:
        limit = 2 ** (network.source.params["bits"] - 1)
        scaled = np.rint(backwards * network.source.params["scale"])
        return np.ascontiguousarray(np.clip(scaled, -limit, limit - 1), dtype=np.int32)
    return np.ascontiguousarray(backwards)


def check_stock(network: LavaNetwork) -> None:
    """Refuse what Lava's own Conv computes wrongly without a word: it keeps `groups` as int8.

    Raises:
        LavaRunError: a convolution has more than 127 groups.
    """
    for process in network.processes:
        if process.params.get("groups", 1) > STOCK_GROUPS:
            raise LavaRunError(
                f"Lava's own convolution is wrong for the {process.params['groups']} groups of {process.name!r}; "
                "use the im2col model."
            )


def main(arguments: list[str]) -> int:
    """Run and save; every way out but the last line ends the children too."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("network", "input", "output"):
        parser.add_argument(name, type=Path)
    for flag in ("--stock-conv", "--raster", "--membranes"):
        parser.add_argument(flag, action="store_true")
    given = parser.parse_args(arguments)
    try:
        network = load_network(given.network)
        frames = load_frames(given.input, network)
        if given.stock_conv:
            check_stock(network)
        too_few = raise_descriptor_limit(len(network.processes))
        if too_few:
            raise LavaRunError(too_few)
    except LavaRunError as error:
        report(error=str(error))
        return 1
    try:
        guard = install_guard()
    except Exception as error:
        report(error=f"Lava cannot be imported ({error}); install lava-nc 0.10.0.", traceback=traceback.format_exc())
        return 1
    guard.watch()
    code = 1
    try:
        options = Options(given.stock_conv, given.raster, given.membranes)
        result = run_network(network, frames, options, lambda done, of: report(progress=[done, of]))
        with open(given.output, "wb") as file:
            np.savez(file, **result)  # type: ignore[arg-type]
        report(done=True)
        code = 0
    except LavaRunError as error:
        report(error=str(error))
    except OSError as error:
        report(error=f"Lava worker: {error}; free disk space, memory or files.", traceback=traceback.format_exc())
    except Exception as error:
        report(error=f"Lava failed with {type(error).__name__}: {error}", traceback=traceback.format_exc())
    finally:
        guard.end(code)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
