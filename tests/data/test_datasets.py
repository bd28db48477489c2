import gzip
import io
import lzma
import os
import pickle
import struct

import numpy as np
import pytest
from sklearn.datasets import load_digits

from snnhw.data.datasets import available, dataset, load, parse, stratified_split
from snnhw.data.readers import CIFAR10_DEVIATION, CIFAR10_MEAN
from snnhw.errors import InputError


def write_idx(path, array, compress):
    content = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if compress else content)


def test_digits_are_split_by_class_without_overlap():
    train, test = load("digits", "train"), load("digits", "test")
    pictures = load_digits()
    assert (len(train), len(test)) == (1438, 359)
    assert train.values.shape == (1438, 1, 8, 8) and train.values.dtype == np.float32
    together = np.concatenate([train.values, test.values])[:, 0] * 16
    assert sorted(map(bytes, together.astype(np.uint8))) == sorted(map(bytes, pictures.images.astype(np.uint8)))
    share = np.bincount(test.targets) / np.bincount(pictures.target)
    np.testing.assert_allclose(share, 0.2, atol=0.003)
    assert train.checksum == load("digits", "train").checksum != test.checksum


def test_split_is_fixed():
    """The held-out samples must never change: cards in the zoo depend on them."""
    assert load("digits", "test").checksum == "7e178f15599d7b32ba6823b08ca1a79036d40fa40973e7e18020db4b5e8c4595"


def test_stratified_split_parts_are_complete():
    targets = np.array([0] * 10 + [1] * 5 + [2] * 3)
    rest, held = stratified_split(targets, 0.4, 3)
    assert sorted([*rest, *held]) == list(range(18))
    assert np.bincount(targets[held]).tolist() == [4, 2, 1]


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


@pytest.mark.parametrize("folder", ["MNIST/raw", "FashionMNIST/raw"])
def test_folders_of_torchvision_are_found(tmp_path, folder):
    write_idx(tmp_path / folder / "t10k-images-idx3-ubyte", np.zeros((10, 28, 28), np.uint8), False)
    write_idx(tmp_path / folder / "t10k-labels-idx1-ubyte", np.arange(10, dtype=np.uint8), False)
    assert len(load("mnist" if folder[0] == "M" else "fashion", "test", tmp_path)) == 10


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((10, 28, 28), np.arange(10) + 70, "the classes 70 to 79 where there are 10"),
        ((10,), np.arange(10), r"inputs \[10, 1\]"),
        ((10, 28, 28), np.zeros((10, 2)), r"targets \[10, 2\]"),
        ((0, 28, 28), np.zeros(0), r"inputs \[0, 1, 28, 28\]"),
    ],
)
def test_files_that_do_not_hold_labelled_pictures_are_refused(tmp_path, images, labels, message):
    write_idx(tmp_path / "mnist/t10k-images-idx3-ubyte", np.zeros(images, np.uint8), False)
    write_idx(tmp_path / "mnist/t10k-labels-idx1-ubyte", labels.astype(np.uint8), False)
    with pytest.raises(InputError, match=message):
        load("mnist", "test", tmp_path)


@pytest.mark.parametrize("content", [b"", b"junk", lzma.compress(b"junk")], ids=["empty", "junk", "xz"])
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("cifar10", "cifar-10-batches-bin/test_batch.bin"),
        ("cifar10", "cifar-10-batches-py/test_batch"),
        ("cifar10", "cifar10_test_batch.npy.xz"),
        ("cifar10", "cifar10_labels.npz"),
        ("nmnist", "nmnist_small.npz"),
    ],
)
def test_damaged_files_are_one_sentence(tmp_path, name, file, content):
    if file.startswith("cifar10_"):
        image = io.BytesIO()
        np.save(image, np.zeros((1, 3, 32, 32), np.uint8))
        (tmp_path / "cifar10_test_batch.npy.xz").write_bytes(lzma.compress(image.getvalue()))
        np.savez(tmp_path / "cifar10_labels.npz", test=np.zeros(1))
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(InputError, match=r"fetch (it|them) again"):
        load(name, "test", tmp_path)


def test_absent_data_names_folder_and_files(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"'mnist' is not in .*; put mnist/train-images-idx3-ubyte.gz, .* there"):
        load("mnist", "train", tmp_path)
    monkeypatch.delenv("SNNHW_DATA", raising=False)
    with pytest.raises(InputError, match=r"name it with --data or SNNHW_DATA"):
        load("cifar10", "test")
    monkeypatch.setenv("SNNHW_DATA", str(tmp_path))
    rows = {row.name: row for row in available()}
    assert rows["digits"].found and not rows["cifar10"].found and str(tmp_path) in rows["cifar10"].remedy


def test_damaged_and_unknown_data_are_refused(tmp_path):
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (tmp_path / "mnist").mkdir(exist_ok=True)
        (tmp_path / "mnist" / name).write_bytes(b"\x1f\x8bnot gzip")
    with pytest.raises(InputError, match="not an IDX file"):
        load("mnist", "test", tmp_path)
    with pytest.raises(InputError, match="give one of digits"):
        load("imagenet", "test")
    with pytest.raises(InputError, match="no split 'dev'"):
        load("digits", "dev")
    with pytest.raises(InputError, match="no data 'digits:dev'; did you mean 'digits:test'"):
        parse("digits:dev")
    assert parse("digits") == ("digits", "test") and parse("mnist:train") == ("mnist", "train")


def test_checksum_sees_every_value():
    inputs, targets = np.zeros((2, 1, 2, 2)), np.array([0, 1])
    base = dataset("a:test", inputs, targets, 2).checksum
    changed = inputs.copy()
    changed[1, 0, 1, 1] = 1e-3
    assert (
        len(
            {
                base,
                dataset("a:test", changed, targets, 2).checksum,
                dataset("a:test", inputs, 1 - targets, 2).checksum,
            }
        )
        == 3
    )
    assert dataset("a:test", inputs, targets, 2).take(slice(0, 1)).targets.tolist() == [0]
