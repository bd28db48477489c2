"""Each piece of advice carried out: the saving that is found lies in the range that was predicted."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from snnhw.data.datasets import load
from snnhw.data.samples import inputs_of

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "advice.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("advice_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["advice_benchmark"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["advice_benchmark"]


def moving_digits(samples, steps=10):
    """Events of digits that drift over 34 x 34 pixels: brighter and darker ones, as a camera sends them."""
    images = np.kron(load("digits", "test").values[:samples, 0], np.ones((1, 4, 4)))
    films = np.stack([np.pad(images, ((0, 0), (1, 1), (1, 1))) for _ in range(steps + 1)], axis=1)
    for step in range(steps + 1):
        films[:, step] = np.roll(films[:, step], step % 3, axis=2)
    moved = np.diff(films, axis=1)
    return inputs_of("moving", np.stack([moved > 0.3, moved < -0.3], axis=2).astype(np.float32), None).of_kind("events")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (
            "digits",
            {
                *("static-dominates", "deploy-shared", "fewer-steps", "drop-level"),
                *("first-layer-on-events", "spread-busiest-layer"),
            },
        ),
        ("nmnist", {"static-dominates", "deploy-shared", "drop-level", "spread-busiest-layer"}),
    ],
)
def test_every_action_saves_what_was_predicted(script, monkeypatch, network, expected):
    monkeypatch.setattr(script, "PROFILES", ("loihi1-davies2018", "horowitz45-fp32"))
    samples = moving_digits(12) if network == "nmnist" else load("digits", "test").first(64)
    done = script.do_all(network, samples)
    assert {one.action.code for one in done} >= expected
    assert [(one.profile, one.action.code, one.predicted, one.found) for one in done if not one.within] == []
    assert sum(one.found > 0.3 for one in done) >= 2
