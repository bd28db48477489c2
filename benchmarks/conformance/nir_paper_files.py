"""The public files of the NIR paper (Pedersen et al., Nature Communications 2024), with what its authors recorded.

They are in the source distribution of the package nir: networks, samples, and for each framework the spikes of the
first layer (`*_activity*.npy`) and the accuracy (`*_accuracy*.npy`). Samples are [N, T, *shape].
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from snnhw.graph.ir import Array

RELEASE = "nir-1.0.3"
PACKAGE = "nir==1.0.3"


@dataclass(frozen=True)
class Network:
    """A file of the paper, and the samples that belong to it."""

    file: str
    layer: str  # whose spikes the authors recorded
    samples: Array
    labels: Array | None
    recorded: slice  # the samples of which they recorded them


def paper_folder(folder: Path) -> Path:
    """The folder `paper` of the source distribution, unpacked in `folder`; fetched with pip where it is not there."""
    if not (folder / RELEASE).is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder)]
        subprocess.run([*fetch, PACKAGE], check=True)
        with tarfile.open(folder / f"{RELEASE}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return folder / RELEASE / "paper"


def braille(paper: Path, name: str, *, nested: bool = False) -> Network:
    """A recurrent network for Braille letters: "noDelay_bias_zero" or "noDelay_noBias_subtract"."""
    samples, labels = letters(paper, "test")
    file = f"03_rnn/extras/braille_{name}_subgraph.nir" if nested else f"03_rnn/braille_{name}.nir"
    return Network(file, "lif1_lif1" if nested else "lif1_lif", samples, labels, slice(1))


def letters(paper: Path, split: str) -> tuple[Array, Array]:
    """Samples and labels of the Braille letters: "train", "val" or "test"."""
    samples, labels = torch.load(paper / f"03_rnn/data/ds_{split}.pt", weights_only=False)[:]  # a TensorDataset
    return samples.numpy().astype(np.float64), labels.numpy()


def digits(paper: Path) -> Network:
    """The convolutional network, and ten N-MNIST digits in 300 steps of a millisecond."""
    events = np.load(paper / "02_cnn/cnn_numbers.npy").swapaxes(0, 1)
    return Network("02_cnn/cnn_sinabs.nir", "n1", events.astype(np.float32), np.arange(10), slice(10))


def one_neuron(paper: Path, file: str) -> Network:
    """One leaky neuron: "lif_norse" or "lif_rockpool"; its input stands in the table of each framework."""
    events = np.loadtxt(paper / "01_lif/lif_norse.csv", delimiter=",")[:, :1]
    return Network(
        f"01_lif/{file}.nir", "n1" if file == "lif_norse" else "n1_LIFNeuronTorch", events[None], None, slice(1)
    )


def recorded(paper: Path, network: str, framework: str) -> Array:
    """Spikes of a framework [N, T, *shape] as its authors saved them."""
    if network.startswith("lif"):
        return (np.loadtxt(paper / f"01_lif/lif_{framework}.csv", delimiter=",")[:, 2] > 0)[None, :, None]
    if network == "cnn_sinabs":
        saved: Array = np.load(paper / f"02_cnn/{framework}_activity.npy")
        if framework == "sinabs":  # saved with the axes of samples and steps taken for one another
            return saved.reshape(10, 300, *saved.shape[2:])
        return saved.swapaxes(0, 1)
    saved = np.load(paper / f"03_rnn/{framework}_activity_{network}.npy")
    return (saved.T if framework == "lava" else saved)[None]


def published_accuracy(paper: Path, network: str, framework: str) -> float | None:
    """Accuracy as its authors saved it, where they did, as a share."""
    folder, ending = ("02_cnn", "accuracy") if network == "cnn_sinabs" else ("03_rnn", f"accuracy_{network}")
    path = paper / folder / f"{framework.lower()}_{ending}.npy"
    if not path.exists():
        return None
    found = float(np.load(path))
    return found / 100 if found > 1 else found
