"""A run in a backend: the file holds the record, accuracy needs labels."""

from dataclasses import replace

import numpy as np
import pytest

from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.graph.assumptions import CALIBRATED_ON_INPUT
from snnhw.simulation.engine import simulate as run_engine
from snnhw.workflows.simulate import Backend, simulate


def test_the_file_holds_the_record_of_the_engine(digits, some, tmp_path):
    made = simulate(digits, some, tmp_path / "a.npz", Backend(raster=True))
    record = run_engine(digits.graph, some.values, raster=True)
    right = record.logits.argmax(1) == some.targets
    assert made.accuracy == float(right.mean()) and made.to_dict()["samples"] == 24
    with np.load(tmp_path / "a.npz") as saved:
        assert np.array_equal(saved["logits"], record.logits)
        for name, raster in record.raster.items():
            assert np.array_equal(saved[f"raster/{name}"], raster) and made.to_dict()["spikes"][name] == [
                int(raster[:, :, k].sum()) for k in range(raster.shape[2])
            ]


def test_a_deployment_that_the_backend_undoes_is_refused(digits, some, tmp_path):
    for deployment in ("graded", "slots"):
        with pytest.raises(InputError, match="The backend torch-int runs K channels"):
            simulate(digits, some, tmp_path / "a.npz", Backend("torch-int", deployment))
    assert not (tmp_path / "a.npz").exists()


def test_integers_take_their_scales_from_the_calibration(digits, some, tmp_path):
    few = inputs_of("few", some.values[:4], None)
    one = simulate(digits, few, tmp_path / "a.npz", Backend("torch-int", calibration=some.values))
    other = simulate(digits, few, tmp_path / "b.npz", Backend("torch-int", calibration=some.values * 0.25))
    assert one.record.logits.dtype == np.int64 and one.accuracy is None
    for calibration, said in ((some, "of which those that ran are some"), (replace(some, name="others"), None)):
        found = simulate(
            digits, some.first(2), tmp_path / "c.npz", Backend("torch-int", calibration=calibration)
        ).findings
        told = [f.message for f in found if f.code == CALIBRATED_ON_INPUT]
        assert len(told) == (said is not None) and all(said in message for message in told)
    assert not np.array_equal(one.record.logits, other.record.logits)
