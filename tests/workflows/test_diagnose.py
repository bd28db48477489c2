"""Diagnosis of a trained network and of blocks by depth, with the picture where one is asked for."""

import dataclasses

import pytest

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.train.diagnose import diagnose as diagnose_network
from snnhw.workflows.diagnose import diagnose


def test_the_first_samples_are_diagnosed_and_drawn(digits, tmp_path):
    data = load("digits", "test")
    found = diagnose(digits, data, 8, tmp_path / "a.png")
    assert found.to_dict() == diagnose_network(digits.network, data, 8).to_dict()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_graph_alone_has_no_gradients(digits):
    with pytest.raises(InputError, match="has no module to differentiate"):
        diagnose(dataclasses.replace(digits, network=None), load("digits", "test"), 8)
