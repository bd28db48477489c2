"""Diagnosis of a trained network and of blocks by depth, with the picture where one is asked for."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snnhw.data.datasets import load
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.train.diagnose import diagnose as diagnose_network
from snnhw.workflows.diagnose import diagnose


def test_the_first_samples_are_diagnosed_and_drawn(digits, tmp_path):
    data = load("digits", "test")
    found = diagnose(digits, data, 8, tmp_path / "a.png")
    assert found.to_dict() == diagnose_network(digits.network, data, 8).to_dict()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_graph_alone_has_no_gradients(digits):
    with pytest.raises(InputError, match="is a graph without a torch module, and diagnose looks at gradients; give"):
        diagnose(dataclasses.replace(digits, network=None), load("digits", "test"), 8)
    with pytest.raises(InputError, match=r"^a\.nir is a NIR file without a torch module"):
        diagnose(dataclasses.replace(digits, network=None, file=Path("a.nir")), load("digits", "test"), 8)


def test_samples_of_another_shape_or_with_other_labels_are_refused(digits):
    few = load("digits", "test").first(4)
    with pytest.raises(InputError, match=r"cannot take samples \[3, 2, 2\] of odd"):
        diagnose(digits, inputs_of("odd", np.zeros((4, 3, 2, 2), np.float32), few.targets), 4)
    with pytest.raises(InputError, match="odd"):
        diagnose(digits, inputs_of("odd", few.values, few.targets + 10), 4)
