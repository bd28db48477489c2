"""A network file holds the network, and damage is told."""

import dataclasses

import numpy as np
import pytest

from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.runtime.network import LavaRunError, load_network
from tests.exporters.lava.nets import residual


def test_saved_network_is_the_network(tmp_path):
    network = lower(residual(0)[1])
    path = tmp_path / "network.npz"
    with open(path, "wb") as file:
        network.save(file)
    read = load_network(path)
    assert dataclasses.replace(read, arrays={}) == dataclasses.replace(network, arrays={})
    assert read.arrays.keys() == network.arrays.keys()
    assert all(np.array_equal(read.arrays[k], v) and read.arrays[k].dtype == v.dtype for k, v in network.arrays.items())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(LavaRunError, match="is no network file"):
        load_network(path)


def test_a_damaged_name_is_not_repeated_at_length(tmp_path):
    path = tmp_path / "network.npz"
    with open(path, "wb") as file:
        lower(residual(0)[1]).save(file)
    content = bytearray(path.read_bytes())
    content[26:28] = (5000).to_bytes(2, "little")  # bytes of the first member's name
    path.write_bytes(content)
    with pytest.raises(LavaRunError, match="is no network file") as refused:
        load_network(path)
    assert len(str(refused.value)) < 400 + len(str(path)) and "\n" not in str(refused.value)
