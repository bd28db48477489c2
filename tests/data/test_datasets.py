import io
import lzma

import numpy as np
import pytest
from sklearn.datasets import load_digits

from snnhw.data.datasets import available, dataset, load, parse, stratified_split
from snnhw.errors import InputError
from tests.data.idx import write_idx


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
