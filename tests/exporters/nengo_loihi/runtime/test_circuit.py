"""A circuit comes back from its file as it was."""

import numpy as np
import pytest

from snnhw.exporters.nengo_loihi.lower import lower
from snnhw.exporters.nengo_loihi.runtime import circuit as module
from snnhw.exporters.nengo_loihi.runtime.circuit import load_circuit
from tests.exporters.nengo_loihi.test_run import heavy


def test_a_circuit_is_read_back(tmp_path):
    circuit = lower(heavy()[0])
    with open(tmp_path / "c.npz", "wb") as file:
        circuit.save(file)
    again = load_circuit(tmp_path / "c.npz")
    for part in ("timesteps", "streams", "blocks", "synapses", "axons", "steps"):
        assert getattr(again, part) == getattr(circuit, part)
    assert again.arrays.keys() == circuit.arrays.keys()
    assert all(np.array_equal(again.arrays[name], value) for name, value in circuit.arrays.items())


def test_another_format_is_named(tmp_path, monkeypatch):
    with open(tmp_path / "c.npz", "wb") as file:
        lower(heavy()[0]).save(file)
    monkeypatch.setattr(module, "FORMAT", 2)
    with pytest.raises(ValueError, match="has format 1, and this runtime reads 2"):
        load_circuit(tmp_path / "c.npz")
