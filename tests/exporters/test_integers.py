"""Integers of an export: calibrated, taken as they are, or refused."""

import pytest

from snnhw.errors import InputError
from snnhw.exporters.integers import integers_of
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import BUNDLE, C
from tests.nets import residual_net


@pytest.mark.parametrize("way", [C, BUNDLE])
def test_floats_need_calibration_and_integers_none(way):
    sample = residual_net()
    with pytest.raises(InputError, match="calibrat"):
        integers_of(sample.graph, None, way)
    made = integers_of(sample.graph, sample.inputs, way)
    assert made.is_integer
    again = integers_of(compile_loihi(sample.graph, sample.inputs).graph, None, way)
    assert list(again.nodes) == list(made.nodes) and again.edges == made.edges
