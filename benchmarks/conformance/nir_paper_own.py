"""First layers of the NIR paper by the formulas of the releases that its authors ran, where these are no reading.

Written from the published equations in NumPy, with nothing of snnhw: they show that what differs from our run is this
and nothing else. Time goes first: [T, N, *shape].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import torch

from snnhw.graph.ir import Array

DT = 1e-4  # of the Braille files
LEAK = 0.9  # what snnTorch's importer made of an IF then
Fire = Callable[[Array, Array], tuple[Array, Array]]  # membrane, current -> membrane, spikes


def undone_reset(decay: float | Array) -> Fire:
    """snnTorch with reset_delay=False and "subtract": who is above the threshold after a reset is reset once more.

    That second reset, in the next step, is taken back where the neuron fires again.
    """

    def fire(u: Array, x: Array) -> tuple[Array, Array]:
        again = u > 1
        u = decay * u + x - again
        spikes = u > 1
        return u - (spikes.astype(float) - again), spikes

    return fire


def zeroed(decay: float | Array) -> Fire:
    """A reset to 0 in the step of the spike."""

    def fire(u: Array, x: Array) -> tuple[Array, Array]:
        u = decay * u + x
        return np.where(u > 1, 0, u), u > 1

    return fire


def snntorch_cnn(paper: Path, samples: Array) -> Array:
    """The first layer of the CNN, whose IF neurons snnTorch took for Leaky(beta=0.9)."""
    with h5py.File(paper / "02_cnn/cnn_sinabs.nir") as file:
        weight = torch.from_numpy(file["node/nodes/0/weight"][()])
    fire, u, spikes = undone_reset(np.float32(LEAK)), np.float32(0), []
    for frame in np.moveaxis(samples, 1, 0):
        x = torch.nn.functional.conv2d(torch.from_numpy(frame), weight, stride=2, padding=1).numpy()
        u, s = fire(np.broadcast_to(u, x.shape).astype(np.float32), x)
        spikes.append(s)
    return np.stack(spikes, axis=1)


def snntorch_subtract(paper: Path, samples: Array) -> Array:
    """The recurrent layer of the Braille file with the reset by subtraction."""
    return _recurrent(paper, "noDelay_noBias_subtract", samples, undone_reset)


def norse_zero(paper: Path, samples: Array) -> Array:
    """The recurrent layer of the other one; norse leaves the bias of recurrent weights out in the first step."""
    return _recurrent(paper, "noDelay_bias_zero", samples, zeroed, first_bias=False)


def _recurrent(
    paper: Path, name: str, samples: Array, reset: Callable[[Array], Fire], *, first_bias: bool = True
) -> Array:
    with h5py.File(paper / f"03_rnn/braille_{name}.nir") as file:
        nodes = file["node/nodes"]
        kept = {tau: 1 - DT / nodes["lif1.lif"][tau][0] for tau in ("tau_syn", "tau_mem")}
        (w, b), (w_rec, b_rec) = (
            (nodes[n]["weight"][()], nodes[n]["bias"][()] if "bias" in nodes[n] else 0.0) for n in ("fc1", "lif1.w_rec")
        )
    return np.stack(list(_steps(samples, reset(kept["tau_mem"]), kept["tau_syn"], (w, b, w_rec, b_rec), first_bias)), 1)


def _steps(
    samples: Array,
    fire: Fire,
    kept: float,
    weights: tuple[Array, Array | float, Array, Array | float],
    first_bias: bool,
) -> Iterator[Array]:
    w, b, w_rec, b_rec = weights
    i = u = s = np.zeros((len(samples), len(w)))
    for t, frame in enumerate(np.moveaxis(samples, 1, 0)):
        i = kept * i + frame @ w.T + b + s @ w_rec.T + (b_rec if t or first_bias else 0.0)
        u, fired = fire(u, i)
        s = fired.astype(float)
        yield fired
