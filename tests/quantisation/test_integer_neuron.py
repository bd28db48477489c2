"""One neuron in integers, register by register."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF
from snnhw.quantisation.integer_neuron import bias_code, bias_exponent, integer_neuron, kept_share


def test_every_register_by_hand() -> None:
    """Scale 10: theta 1.5 is 15, a bias of 0.1 + 0.2 is 192/64, states are in 1/64 too."""
    neuron = LIF(name="n", shape=(2,), threshold=1.5, decay=0.75, leak=0.2, start=np.array([0.0, -0.5]))
    current = LI(name="i", shape=(2,), decay=0.5, start=-1.0, current_of="n")
    made = integer_neuron(neuron, current, np.array([10.0]), np.array([0.1]))
    assert (made.threshold, made.dv, made.du, made.bias_exp) == (15, 1024, 4095 - 2048, 0)
    assert made.bias.ravel().tolist() == [192] and np.asarray(made.start).tolist() == [0, -320]
    assert made.current_start == -640 and made.reset == "hard"


def test_without_a_current_it_lasts_one_step_and_starts_from_rest() -> None:
    made = integer_neuron(LIF(name="n", shape=(2,), threshold=1.0, decay=1.0), None, np.ones(1), np.zeros(1))
    assert (made.du, made.dv, made.start, made.current_start) == (4095, 0, 0, 0)


@pytest.mark.parametrize(("decay", "kept"), [(0.0, 0), (0.5, 2048), (1 / 4096, 1), (1.0, 4095)])
def test_a_current_keeps_at_most_4095(decay: float, kept: int) -> None:
    assert kept_share(LI(name="i", shape=(1,), decay=decay)) == kept


def test_biases_take_the_smallest_exponent_that_fits() -> None:
    assert [bias_exponent(x) for x in (0.0, 4095.0, 4096.0, 2 * 4095.0 + 1)] == [0, 0, 1, 2]
    mantissa, exponent = bias_code(np.array([8190.0, -3.0]))
    assert (mantissa.tolist(), exponent) == ([4095, -2], 1)
    with pytest.raises(InputError, match="needs exponent 8 > 7"):
        bias_code(np.array([4096.0 * 128]))
