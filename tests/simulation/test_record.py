"""The record: sums over samples, accuracy, and the arrays of `spikes.npz`."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord, event_record, unit_record
from tests.nets import residual_net


def test_accuracy_counts_classes_of_the_network_alone():
    record = SpikeRecord(3, 1, {}, np.array([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]))
    assert (record.correct(np.array([1, 0, 0])), record.accuracy(np.array([1, 0, 0]))) == (2, 2 / 3)
    assert record.correct(np.array([1.0, 0.0, 0.0])) == 2
    for labels, said in (
        ([1, 0, 2], r"reach 2 and the network has the outputs 0\.\.1"),
        ([-1, 0, 1], "Label 0 of the samples is -1"),
    ):
        with pytest.raises(InputError, match=said):
            record.accuracy(np.array(labels))


@pytest.mark.parametrize("samples", [4, 6])
def test_images_have_no_accuracy(samples):
    """Four labels would broadcast over [4, 4, 4] classes of pixels, six would not."""
    record = SpikeRecord(samples, 1, {}, np.zeros((samples, 6, 4, 4)))
    with pytest.raises(InputError, match=r"output has the shape \[6, 4, 4\], which is no row of classes; flatten it"):
        record.accuracy(np.zeros(samples))


def test_records_merge_and_save(tmp_path):
    sample = residual_net(samples=4)
    whole = simulate(sample.graph, sample.inputs, raster=True)
    path = tmp_path / "spikes.npz"
    whole.save(path)
    with np.load(path) as saved:
        assert (saved["counts/stem_mlf"] == whole.units["stem_mlf"].spikes).all()
        assert saved["counts/stem_mlf"].dtype == np.int64
        assert saved["counts_t/stem_mlf"].shape == (4,)
        assert saved["logits"].shape == (4, 5)
    assert isinstance(whole.merge(whole), SpikeRecord) and whole.merge(whole).samples == 8


@pytest.mark.parametrize("static", [True, False])
def test_the_record_of_events_is_that_of_their_raster(static):
    frames = np.random.default_rng(3).integers(0, 4, (5, 1 if static else 4, 2, 3))
    repeated = np.repeat(frames, 4, axis=1) if static else frames
    wanted = unit_record(np.stack([repeated >= k for k in (1, 2, 3)], axis=2))
    found = event_record(frames, 3, 4)
    assert np.array_equal(found.levels, wanted.levels) and np.array_equal(found.levels_t, wanted.levels_t)
    assert np.array_equal(found.graded_spikes, wanted.graded_spikes)
