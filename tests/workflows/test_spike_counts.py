"""A public kind of file, end to end: dense layers with LIF neurons at the end, in NIR, on event data."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest

from snnhw.data.samples import Samples
from snnhw.nir.reading import Reading
from snnhw.simulation.engine import simulate
from snnhw.workflows.check import check
from snnhw.workflows.load import LoadedModel, load_model
from snnhw.workflows.quantise import quantise
from snnhw.workflows.verify import LavaShare, verify

STEPS, DT = 16, 1e-4


def lif(size: int, decay: float = 0.9) -> nir.LIF:
    """tau and r as snnTorch's exporter writes them: the input enters unscaled."""
    tau = np.full(size, DT / (1 - decay))
    return nir.LIF(tau=tau, r=tau / DT, v_leak=np.zeros(size), v_threshold=np.ones(size), v_reset=np.zeros(size))


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    rng = np.random.default_rng(0)
    layers = {
        "input": nir.Input(np.array([20])),
        "0": nir.Affine(rng.normal(size=(16, 20)) / 4, rng.normal(size=16) / 20),
        "1": lif(16),
        "2": nir.Affine(rng.normal(size=(4, 16)) / 2, rng.normal(size=4) / 20),
        "3": lif(4),
        "output": nir.Output(np.array([4])),
    }
    names = list(layers)
    nir.write(tmp_path / "ends.nir", nir.NIRGraph(layers, list(pairwise(names))))
    return load_model(str(tmp_path / "ends.nir"), Reading(DT, "nir", None, STEPS))


@pytest.fixture
def events() -> Samples:
    values = np.random.default_rng(1).poisson(0.4, (12, STEPS, 20))
    return Samples("events", values, np.arange(12) % 4, None, "")


def oracle(model: LoadedModel, values: np.ndarray) -> np.ndarray:
    """Mean spikes [N, 4] of the last layer, by the equations of NIR in a loop over steps."""
    nodes = {n.name: n for n in model.graph.nodes.values()}
    (w1, b1), (w2, b2) = ((nodes[k].weight, nodes[k].bias) for k in ("n0", "n2"))
    u, v, counted = np.zeros((len(values), 16)), np.zeros((len(values), 4)), np.zeros((len(values), 4))
    for t in range(STEPS):
        u = 0.9 * u + values[:, t] @ w1.T + b1
        s = u > 1
        u[s] = 0
        v = 0.9 * v + s @ w2.T + b2
        out = v > 1
        v[out] = 0
        counted += out
    return counted / STEPS


def test_it_is_checked_quantised_and_its_counts_are_those_of_a_loop(
    model: LoadedModel, events: Samples, tmp_path: Path
) -> None:
    for target in ("loihi1", "loihi2", "lava", "sanafe", "nir"):
        assert check(model, target).passes
    assert np.allclose(simulate(model.graph, events.values).logits, oracle(model, events.values), atol=1e-12)
    made = quantise(model, events, tmp_path / "integers.nir")
    integers = simulate(made.quantised.graph, events.values)
    assert integers.logits.dtype == np.int64
    assert np.array_equal(integers.logits.sum(axis=0), integers.units["n3"].spikes)
    sent = oracle(model, events.values).sum() * STEPS
    assert sent > 50 and abs(integers.logits.sum() - sent) < 0.05 * sent
    assert made.loss.integers.same_class > 0.8
    read_back = load_model(str(made.path), Reading())
    assert np.array_equal(simulate(read_back.graph, events.values).logits, integers.logits)


def test_every_stage_without_lava_agrees(model: LoadedModel, events: Samples, tmp_path: Path) -> None:
    assert verify(model, events, events, tmp_path, LavaShare(samples=0)).certificate.agrees


@pytest.mark.lava
@pytest.mark.slow
def test_every_stage_with_lava_agrees(model: LoadedModel, events: Samples, tmp_path: Path) -> None:
    made = verify(model, events, events, tmp_path, LavaShare(samples=3))
    assert made.certificate.agrees
    assert [a.differing for a in made.certificate.agreements if "Lava" in a.candidate] == [0, 0]
