"""Each file format, written here from its description, gives the pictures that were written."""

import gzip
import io
import lzma
import os
import pickle
import re
import struct
import subprocess
import sys

import numpy as np
import pytest

from snnhw.data.datasets import load
from snnhw.data.readers import CIFAR10_DEVIATION, CIFAR10_MEAN
from snnhw.errors import InputError
from tests.data.idx import write_idx


@pytest.mark.parametrize("compress", [True, False])
def test_idx_files_are_read(tmp_path, compress):
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    labels = np.array([3, 1, 4, 1, 5], np.uint8)
    end = ".gz" if compress else ""
    write_idx(tmp_path / f"mnist/t10k-images-idx3-ubyte{end}", images, compress)
    write_idx(tmp_path / f"mnist/t10k-labels-idx1-ubyte{end}", labels, compress)
    data = load("mnist", "test", tmp_path)
    np.testing.assert_array_equal(np.round(data.values[:, 0] * 255), images)
    assert data.targets.tolist() == labels.tolist() and data.targets.dtype == np.int64


def test_cifar_layouts_give_the_same_pictures(tmp_path):
    random = np.random.default_rng(1)
    pictures, labels = random.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8), random.integers(0, 10, 6)
    binary, packed = tmp_path / "binary", tmp_path / "packed"
    (binary / "cifar-10-batches-bin").mkdir(parents=True)
    packed.mkdir()
    records = np.concatenate([labels[:, None].astype(np.uint8), pictures.reshape(6, -1)], axis=1)
    records.tofile(binary / "cifar-10-batches-bin/test_batch.bin")
    small = pictures.copy()
    small[:, 1:] -= pictures[:, :1]
    columns = small.copy()
    columns[..., 1:] -= small[..., :-1]
    rows = columns.copy()
    rows[:, :, 1:] -= columns[:, :, :-1]
    file = io.BytesIO()
    np.save(file, rows)
    (packed / "cifar10_test_batch.npy.xz").write_bytes(lzma.compress(file.getvalue()))
    np.savez(packed / "cifar10_labels.npz", train=labels, test=labels)
    a, b = load("cifar10", "test", binary), load("cifar10", "test", packed)
    assert a.checksum == b.checksum
    pixel = (pictures[2, 1, 4, 5] / 255 - CIFAR10_MEAN[1]) / CIFAR10_DEVIATION[1]
    assert a.values[2, 1, 4, 5] == pytest.approx(pixel, abs=1e-5)


def test_packed_events_become_counts(tmp_path):
    x, y, p = np.array([1, 1, 33, 0]), np.array([2, 2, 0, 0]), np.array([1, 1, 0, 1])
    arrays = {
        "x": x.astype(np.uint8),
        "y": y.astype(np.uint8),
        "p": np.packbits(p.astype(np.uint8)),
        "dt": np.array([0, 10, 90, 0], np.uint16),
        "offsets": np.array([0, 3, 4], np.int32),
        "labels": np.array([7, 2], np.uint8),
    }
    np.savez(tmp_path / "nmnist_small.npz", **{f"test_{k}": v for k, v in arrays.items()})
    data = load("nmnist", "test", tmp_path, timesteps=2)
    assert data.values.shape == (2, 2, 2, 34, 34) and data.targets.tolist() == [7, 2]
    assert data.values[0, 0, 1, 2, 1] == 2 and data.values[0, 1, 0, 0, 33] == 1 and data.values[0].sum() == 3
    assert data.values[1, 0, 1, 0, 0] == 1 and data.values[1].sum() == 1
    assert data.kind.levels(steps=True) == 2 and data.kind.stated == "events"


def test_cifar_pickles_of_torchvision_give_the_pictures_of_the_binary_files_and_run_no_code(tmp_path):
    random = np.random.default_rng(2)
    pictures, labels = random.integers(0, 256, (6, 3072), dtype=np.uint8), random.integers(0, 10, 6)
    for folder in ("binary/cifar-10-batches-bin", "python/cifar-10-batches-py"):
        (tmp_path / folder).mkdir(parents=True)
    records = np.concatenate([labels[:, None].astype(np.uint8), pictures], axis=1)
    records.tofile(tmp_path / "binary/cifar-10-batches-bin/test_batch.bin")
    place = tmp_path / "python/cifar-10-batches-py/test_batch"
    place.write_bytes(pickle.dumps({b"data": pictures, b"labels": labels.tolist()}, protocol=2))
    assert (
        load("cifar10", "test", tmp_path / "python").checksum == load("cifar10", "test", tmp_path / "binary").checksum
    )
    place.write_bytes(pickle.dumps({b"data": pictures, b"labels": os.system}))
    with pytest.raises(InputError, match=r"damaged \(it names posix\.system\)"):
        load("cifar10", "test", tmp_path / "python")


def test_published_nmnist_files_are_read_in_the_order_of_their_numbers(tmp_path):
    def event(x, y, p, t):
        return bytes([x, y, p << 7 | t >> 16, t >> 8 & 255, t & 255])

    late = [event(1, 2, 1, 70_000), event(0, 240, 0, 0), event(33, 0, 0, 65_000), event(1, 2, 1, 80_000)]
    for name, content in {"3/00010": late, "7/00009": [event(5, 6, 0, 9)], "0/00100": [event(0, 0, 1, 1)]}.items():
        path = tmp_path / f"NMNIST/Test/{name}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(content))
    data = load("nmnist", "test", tmp_path, timesteps=2)
    assert data.targets.tolist() == [7, 3, 0] and data.values.shape == (3, 2, 2, 34, 34)
    # from 70,000 us to 80,000 + 8,192: the third event, at 73,192, lies in the first half
    assert data.values[1, 0, 1, 2, 1] == data.values[1, 0, 0, 0, 33] == data.values[1, 1, 1, 2, 1] == 1
    assert data.values.sum() == 5
    (tmp_path / "NMNIST/Test/3/00011.bin").write_bytes(b"four")
    with pytest.raises(InputError, match="damaged"):
        load("nmnist", "test", tmp_path)


def spoil_gzip(folder):
    """256 MiB of zeros behind the head of one image."""
    head = bytes([0, 0, 8, 3]) + struct.pack(">3I", 1, 28, 28)
    write_idx(folder / "mnist/t10k-labels-idx1-ubyte.gz", np.zeros(1, np.uint8), True)
    (folder / "mnist/t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(head + bytes(2**28), 1))
    return "mnist", "is not an IDX file"


def spoil_idx(folder):
    write_idx(folder / "mnist/t10k-labels-idx1-ubyte", np.zeros(1, np.uint8), False)
    (folder / "mnist/t10k-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3]) + b"\xff" * 12)
    return "mnist", "takes .* are allowed"


def spoil_pipe(folder):
    write_idx(folder / "mnist/t10k-labels-idx1-ubyte", np.zeros(1, np.uint8), False)
    os.mkfifo(folder / "mnist/t10k-images-idx3-ubyte")
    return "mnist", "is a pipe where a IDX file is needed"


def spoil_xz(folder):
    """256 MiB of zeros behind the head of one image."""
    image = io.BytesIO()
    np.save(image, np.zeros((1, 3, 32, 32), np.uint8))
    with lzma.open(folder / "cifar10_test_batch.npy.xz", "wb", preset=0) as file:
        file.write(image.getvalue())
        for _ in range(4):
            file.write(bytes(2**26))
    np.savez(folder / "cifar10_labels.npz", test=np.zeros(1, int))
    return "cifar10", "holds more; fetch it again"


def spoil_pickle(folder):
    """An array of 1 TiB that is asked for and not there."""
    (folder / "cifar-10-batches-py").mkdir()
    array = np.zeros((1, 3072), np.uint8)
    content = pickle.dumps({b"data": array, b"labels": [0]}, protocol=2)
    asked = content.replace(
        pickle.dumps((0,), protocol=2)[2:-1], b"\x8a\x06" + (2**40).to_bytes(6, "little") + b"\x85", 1
    )
    (folder / "cifar-10-batches-py/test_batch").write_bytes(asked)
    return "cifar10", None


def spoil_steps(folder):
    (folder / "NMNIST/Test/0").mkdir(parents=True)
    (folder / "NMNIST/Test/0/1.bin").write_bytes(bytes(5))
    return "nmnist", "N-MNIST of 1000000000 time steps takes .* are allowed"


MEASURED = """
import resource, sys
from snnhw.data.datasets import load
from snnhw.errors import InputError
load("digits", "test")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    load(sys.argv[1], "test", sys.argv[2], 10**9 if sys.argv[1] == "nmnist" else None)
except InputError as refused:
    print(refused)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [spoil_gzip, spoil_idx, spoil_pipe, spoil_xz, spoil_pickle, spoil_steps])
def test_files_that_ask_for_all_memory_or_for_ever_are_one_sentence(tmp_path, spoil):
    (tmp_path / "mnist").mkdir()
    name, says = spoil(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, name, str(tmp_path)], capture_output=True, text=True, timeout=600
    )
    *said, grown = done.stdout.splitlines()
    assert done.returncode == 0 and int(grown) < 100, (done.stderr, grown)  # MiB
    assert (len(said) == 1 and re.search(says, said[0])) if says else not said


def test_a_pickle_that_asks_for_memory_by_a_step_is_refused(tmp_path):
    """A number under which a value is kept makes room for as many values; 2^30 of them are 16 GiB."""
    (tmp_path / "cifar-10-batches-py").mkdir()
    place = tmp_path / "cifar-10-batches-py/test_batch"
    for step in (b"r\xff\xff\xff\x3f", b"\x96" + (2**33).to_bytes(8, "little"), b"Pname\n", b"\x8b" + b"\xff" * 4):
        place.write_bytes(b"\x80\x02}" + step + b".")
        with pytest.raises(InputError, match="damaged") as refused:
            load("cifar10", "test", tmp_path)
        assert "\n" not in str(refused.value)
