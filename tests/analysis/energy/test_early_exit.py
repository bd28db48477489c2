"""Early exit: counts and classes equal those of the whole run cut off, sample by sample."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.early_exit import early_exit, early_exits
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import load_model
from tests.oracle import computed_once, count_events


@pytest.fixture(scope="module")
def graph():
    return load_model("digits").graph


@pytest.fixture(scope="module")
def digits():
    return load("digits", "test").first(40)


def by_brute_force(graph, values, confidence):
    """Spikes of each unit, and the step and class of each sample, from one whole run with every spike kept."""
    raster = simulate(graph, values, raster=True).raster
    logits = np.stack([simulate(graph.replace(timesteps=t), values).logits for t in range(1, graph.timesteps + 1)])
    shares = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    sure = shares.max(axis=2) >= confidence  # [T, N]
    sure[-1] = True
    left = sure.argmax(axis=0)  # index of the first step
    alive = np.arange(graph.timesteps)[None] <= left[:, None]  # [N, T]
    spikes = {
        name: int((r * alive.reshape(*alive.shape, *[1] * (r.ndim - 2))).sum(dtype=np.int64))
        for name, r in raster.items()
    }
    return spikes, left + 1, logits[left, np.arange(len(left))].argmax(axis=1)


@pytest.mark.parametrize("confidence", [0.3, 0.6, 0.8])
def test_spikes_steps_and_classes_are_those_of_a_run_cut_off(graph, digits, confidence):
    found = early_exit(graph, digits.values, confidence)
    spikes, steps, classes = by_brute_force(graph, digits.values, confidence)
    assert found.left == tuple(int((steps == t).sum()) for t in range(1, graph.timesteps + 1))
    assert found.mean_steps == pytest.approx(steps.mean()) and found.samples == 40
    assert found.classes == tuple(classes.tolist())
    assert found.accuracy(digits.targets) == np.mean(classes == digits.targets)
    counted = [counts for counts in found.counts if counts is not None]
    for at, layer in enumerate(counted[0].layers):
        if layer.spikes:
            assert sum(sum(counts.layers[at].spikes) for counts in counted) == spikes[layer.name]
    of_a_step = count(graph, simulate(graph, digits.values)).total("neuron_updates") // (40 * graph.timesteps)
    assert sum(counts.total("neuron_updates") for counts in counted) == of_a_step * int(steps.sum())


def test_without_early_leaving_it_is_the_estimate(graph, digits):
    found, profile = early_exit(graph, digits.values, 1.1), load_profile("loihi1-davies2018")
    assert found.left == (0, 0, 0, 40)
    whole = estimate(count(graph, simulate(graph, digits.values)), profile).per_inference
    assert found.energy(profile).ends == pytest.approx(whole.ends)
    assert early_exit(graph, digits.values, 1e-9).left == (40, 0, 0, 0)


def test_what_has_no_confidence_is_refused(graph, digits):
    with pytest.raises(InputError, match="a confidence above 0"):
        early_exit(graph, digits.values, 0.0)


def test_several_confidences_at_once_are_each_of_them_alone(graph, digits):
    asked = [0.8, 0.3, 1.1, 0.6, 0.3]
    for found, confidence in zip(early_exits(graph, digits.values, asked), asked, strict=True):
        assert found == early_exit(graph, digits.values, confidence)
    with pytest.raises(InputError, match="a confidence above 0"):
        early_exits(graph, digits.values, [])


def test_events_and_synops_are_those_of_the_oracle_walking_every_spike_before_the_exit(graph, digits):
    _, steps, _ = by_brute_force(graph, digits.values, 0.8)
    some = [int(n) for t in sorted(set(steps)) for n in np.flatnonzero(steps == t)[:2]]  # two of each step
    values, steps = digits.values[some], steps[some]
    assert len(set(steps)) > 1
    found = early_exit(graph, values, 0.8)
    raster = {name: r.copy() for name, r in simulate(graph, values, raster=True).raster.items()}
    for r in raster.values():
        for sample, step in enumerate(steps):
            r[sample, step:] = 0
    told = computed_once(count_events(graph, raster)).values()
    counted = [counts for counts in found.counts if counts is not None]
    edges = [edge for counts in counted for edge in counts.edges]
    assert sum(edge.events for edge in edges) == sum(e for e, _ in told) > 0
    assert sum(edge.unit_synops for edge in edges) == sum(u for _, u in told) > 0
