"""Laws of recordings that are simulated from still images, and real ones of the same images."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.data.datasets import load
from snnhw.data.saccades import BRIGHTER, CORNERS, DARKER, EVENTS, IDLE_EVENTS, SPANS, changes, corner, recordings, seen
from snnhw.errors import InputError
from tests.data.idx import write_idx

IMAGES = np.random.default_rng(0).random((3, 28, 28)).astype(np.float32)
GOLDEN = Path(__file__).parents[1] / "golden/saccades_nmnist.npz"


@given(st.floats(0, 6.5), st.floats(0, 6.9))
def test_an_image_is_seen_where_it_is(x, y):
    dot = np.zeros((1, 28, 28), np.float32)
    dot[0, 11, 5] = 1
    shown = seen(dot, (x, y))[0]
    assert shown.sum() == pytest.approx(1, abs=1e-5)
    rows, columns = np.mgrid[:34, :34]
    assert (shown * columns).sum() == pytest.approx(5 + x, abs=1e-4)
    assert (shown * rows).sum() == pytest.approx(11 + y, abs=1e-4)


def test_at_whole_pixels_the_image_is_unchanged():
    shown = seen(IMAGES, (2.0, 5.0))
    np.testing.assert_array_equal(shown[:, 5:33, 2:30], IMAGES)
    assert shown.sum() == pytest.approx(IMAGES.sum())


def test_the_mount_rests_between_saccades_and_passes_every_corner():
    assert corner(0.0) == CORNERS[0] and corner(1.0) == CORNERS[-1]
    for (_, end), (begin, _), place in zip(SPANS, SPANS[1:], CORNERS[1:], strict=False):
        assert corner(end) == corner((end + begin) / 2) == pytest.approx(place)
    middle = np.mean([CORNERS[0], CORNERS[1]], 0)
    assert corner(np.mean(SPANS[0])) == pytest.approx(tuple(middle))


@given(st.integers(1, 8))
def test_what_grew_brighter_less_what_grew_darker_is_what_is_seen_at_the_end(timesteps):
    found = changes(IMAGES, timesteps).sum(1)
    end, start = seen(IMAGES, CORNERS[-1]), seen(IMAGES, CORNERS[0])
    np.testing.assert_allclose(found[:, BRIGHTER] - found[:, DARKER], end - start, atol=1e-4)
    assert (found >= 0).all()


def test_black_sends_idle_events_alone_and_the_same_seed_the_same():
    black = np.zeros((200, 28, 28), np.float32)
    counts = recordings(black, 4)
    expected = counts[:, 0, 0].size * 4 * 2 * IDLE_EVENTS / 4
    assert abs(counts.sum() - expected) < 5 * np.sqrt(expected)
    np.testing.assert_array_equal(counts, recordings(black, 4))
    assert (counts != recordings(black, 4, seed=1)).any()


def test_events_are_as_many_as_the_change_says():
    many = np.repeat(IMAGES[:1], 600, 0)  # more than are recorded at once
    counts, mean = recordings(many, 3), EVENTS * changes(IMAGES[:1], 3)[0] + IDLE_EVENTS / 3
    error = (counts.mean(0) - mean) / np.sqrt(mean / len(many))
    assert np.abs(error).max() < 6 and error.std() == pytest.approx(1, abs=0.1)


def test_mnist_is_recorded_from_its_thousand_and_first_image(tmp_path):
    images = np.zeros((1002, 28, 28), np.uint8)
    images[1001, 8:20, 8:20] = 255
    write_idx(tmp_path / "mnist/train-images-idx3-ubyte", images, False)
    write_idx(tmp_path / "mnist/train-labels-idx1-ubyte", (np.arange(1002) % 10).astype(np.uint8), False)
    data = load("mnist_saccades", "train", tmp_path, 2)
    assert data.values.shape == (2, 2, 2, 34, 34) and data.targets.tolist() == [0, 1]
    assert data.values[1].sum() > 10 * data.values[0].sum()


def test_a_file_with_too_few_images_is_refused(tmp_path):
    write_idx(tmp_path / "mnist/t10k-images-idx3-ubyte", np.zeros((1000, 28, 28), np.uint8), False)
    write_idx(tmp_path / "mnist/t10k-labels-idx1-ubyte", np.zeros(1000, np.uint8), False)
    with pytest.raises(InputError, match="the first 1,000 images"):
        load("mnist_saccades", "test", tmp_path)


def test_real_recordings_of_the_same_images_look_alike():
    """Six frames of the first ten training recordings of N-MNIST (Orchard et al., 2015, CC BY-SA 4.0), their images."""
    real = np.load(GOLDEN)
    expected = changes(real["images"].astype(np.float32) / 255, 6)
    frames = real["frames"].astype(float)
    assert np.corrcoef(expected.ravel(), frames.ravel())[0, 1] > 0.88
    assert np.corrcoef(expected.ravel(), frames[:, :, ::-1].ravel())[0, 1] < 0.2  # polarities the other way round
    assert frames.sum() == pytest.approx(EVENTS * expected.sum(), rel=0.1)
