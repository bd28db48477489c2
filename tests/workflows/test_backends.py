"""Backends by name: the same record, and which graph each takes."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.assumptions import ASSUMPTIONS, CALIBRATED_ON_INPUT
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.workflows.backends import AS_DEPLOYED, BACKENDS, graph_for, simulate_on, use_of_deployment


def test_torch_is_the_engine_and_integers_come_from_the_calibration(digits, some):
    images = some.values[:4]
    assert np.array_equal(simulate_on("torch", digits.graph, images).logits, simulate(digits.graph, images).logits)
    integers = compile_loihi(digits.graph, some.values).graph
    expected = simulate(integers, images).logits
    assert np.array_equal(simulate_on("torch-int", digits.graph, images, some.values).logits, expected)
    assert np.array_equal(simulate_on("torch-int", integers, images).logits, expected)


def test_integers_that_only_their_own_samples_calibrate_are_an_assumption(digits, some):
    images = some.values[:4]
    (told,) = (f for f in graph_for("rram", digits.graph, images)[1] if f.code in ASSUMPTIONS)
    assert told.code == CALIBRATED_ON_INPUT and "on the 4 samples that ran" in told.message
    for calibration, name in ((images, "rram"), (None, "torch")):
        assert not [f for f in graph_for(name, digits.graph, images, calibration)[1] if f.code in ASSUMPTIONS]


def test_samples_that_calibrate_nothing_are_refused(digits, some):
    for name, (wanted, _) in BACKENDS.items():
        if wanted is False:
            with pytest.raises(InputError, match=f"The backend {name} runs floats, .* leave --calibrate out"):
                simulate_on(name, digits.graph, some.values, some.values)
    integers = compile_loihi(digits.graph, some.values).graph
    for name in ("torch-int", "lava-fixed", "sanafe"):
        with pytest.raises(InputError, match="is in Loihi integers already; give the float network"):
            simulate_on(name, integers, some.values, some.values)


def test_what_compiles_to_channels_takes_no_other_deployment():
    for name in BACKENDS:
        use_of_deployment(name, "channels")
        if name not in AS_DEPLOYED:
            with pytest.raises(InputError, match=f"The backend {name} runs K channels"):
                use_of_deployment(name, "graded")


def test_integers_do_not_run_in_floats_and_unknown_names_are_refused(digits, some):
    integers = compile_loihi(digits.graph, some.values).graph
    for name, (wanted, _) in BACKENDS.items():
        if wanted is False:
            with pytest.raises(InputError, match="use the backend torch-int or lava-fixed"):
                simulate_on(name, integers, some.values)
    with pytest.raises(InputError, match="did you mean 'torch-int'"):
        simulate_on("torchint", digits.graph, some.values)
