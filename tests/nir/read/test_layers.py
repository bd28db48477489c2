"""Layers of NIR files compute what torch computes, and contradictory ones are refused with one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.nir.io import from_nir
from tests.nir.builders import conv_in


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"padding": (1, 1, 2, 2)}, "padding is"),
        ({"stride": 0}, "stride is"),
        ({"stride": np.array([1.5, 1])}, "stride is"),
        ({"dilation": -1}, "dilation is"),
        ({"groups": 0}, "groups is"),
        ({"groups": 3}, "6 channels in 3 groups"),
        ({"weight": np.ones((2, 2, 9, 9))}, "kernel larger than"),
        ({"weight": np.ones((2, 0, 3, 3))}, "must be .out, in, height, width"),
        ({"padding": "valid", "weight": np.ones((2, 5, 3, 3))}, "takes 5 channels"),
        ({"bias": np.ones(7)}, "bias of shape"),
    ],
)
def test_contradictory_convolutions(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        from_nir(conv_in((2, 6, 6), **changes))
