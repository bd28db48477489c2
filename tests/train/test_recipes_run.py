"""Every recipe of the package, end to end for one epoch, on made-up files in the formats of its data set."""

import gzip
import struct

import numpy as np
import pytest

from snnhw.train.fit import fit
from snnhw.train.recipe import load_recipe, recipe_names
from snnhw.train.run import load_run
from snnhw.workflows.handed import handed_to

RANDOM = np.random.default_rng(0)
SMALL = ("epochs=1", "batch=5", "arguments.widths=[2, 2, 3]", "arguments.blocks=[1, 1, 1]", "arguments.timesteps=2")
UNTAUGHT = ("start=", "teacher=")  # by networks of these sizes


def idx(path, array):
    path.parent.mkdir(exist_ok=True)
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(gzip.compress(head + array.tobytes()))


def write_idx(folder, name, before=0):
    for split, count in (("train", before + 40), ("t10k", before + 10)):
        images = RANDOM.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        idx(folder / name / f"{split}-images-idx3-ubyte.gz", images)
        idx(folder / name / f"{split}-labels-idx1-ubyte.gz", (np.arange(count) % 10).astype(np.uint8))


def write_cifar10(folder):
    (folder / "cifar-10-batches-bin").mkdir()
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        records = RANDOM.integers(0, 256, (20, 3073), dtype=np.uint8)
        records[:, 0] = np.arange(20) % 10
        records.tofile(folder / f"cifar-10-batches-bin/{name}.bin")


def write_nmnist(folder):
    arrays = {}
    for split, count in (("train", 40), ("test", 10)):
        events = 30 * count
        arrays |= {
            f"{split}_x": RANDOM.integers(0, 34, events, dtype=np.uint8),
            f"{split}_y": RANDOM.integers(0, 34, events, dtype=np.uint8),
            f"{split}_p": np.packbits(RANDOM.integers(0, 2, events, dtype=np.uint8)),
            f"{split}_dt": RANDOM.integers(0, 999, events).astype(np.uint16),
            f"{split}_offsets": np.arange(0, events + 1, 30, dtype=np.int32),
            f"{split}_labels": (np.arange(count) % 10).astype(np.uint8),
        }
    np.savez(folder / "nmnist_small.npz", **arrays)


def write_dvsgesture(folder):
    (folder / "DvsGesture").mkdir()
    for user in (1, 2, 24):
        data = RANDOM.integers(0, 128, (60, 2)) @ np.array([1 << 17, 1 << 2]) | 1
        body = struct.pack("<HHIIIIII", 1, 0, 8, 4, 0, 60, 60, 60)
        body += np.stack([data, np.arange(60) * 999], 1).astype("<u4").tobytes()
        (folder / f"DvsGesture/user{user:02d}_led.aedat").write_bytes(b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + body)
        labels = "".join(f"{g},{g * 1000},{g * 1000 + 9000}\n" for g in range(1, 12))
        (folder / f"DvsGesture/user{user:02d}_led_labels.csv").write_text("class,start,end\n" + labels)


def write_dvscifar10(folder):
    from snnhw.data.aedat import CIFAR_CLASSES

    for name in CIFAR_CLASSES:
        (folder / "CIFAR10DVS" / name).mkdir(parents=True)
        for number in range(4):
            address = RANDOM.integers(0, 1 << 15, 50)
            body = np.stack([address, np.arange(50) * 400], 1).astype(">u4").tobytes()
            (folder / f"CIFAR10DVS/{name}/cifar10_{name}_{number}.aedat").write_bytes(b"#!AER-DAT2.0\r\n" + body)


WRITE = {
    "digits": lambda folder: None,
    "mnist": lambda folder: write_idx(folder, "mnist"),
    "fashion": lambda folder: write_idx(folder, "fashion_mnist"),
    "cifar10": write_cifar10,
    "nmnist": write_nmnist,
    "mnist_saccades": lambda folder: write_idx(folder, "mnist", before=1000),
    "dvsgesture": write_dvsgesture,
    "dvscifar10": write_dvscifar10,
}


@pytest.mark.parametrize("name", recipe_names())
def test_recipe_runs_from_files_to_card(name, tmp_path, monkeypatch):
    monkeypatch.setattr("snnhw.data.aedat.CIFAR_TRAIN_FILES", 3)
    recipe = load_recipe(name, (*SMALL, *UNTAUGHT))
    WRITE[recipe.data](tmp_path)
    run = fit(recipe, tmp_path / "run", data_dir=tmp_path, handed=handed_to(recipe))
    network, card = load_run(tmp_path / "run")
    assert card.recipe["name"] == name and network.classes == card.classes
    assert card.timesteps == (1 if recipe.relu else 2)
    assert np.isfinite(run.metrics[0]["train_loss"]) and 0 <= card.accuracy <= 1
