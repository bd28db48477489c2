"""T is that of the data where a file does not say it; the first axis of data counts samples."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnhw.data.datasets import dataset
from snnhw.data.samples import Samples, inputs_of
from snnhw.errors import InputError
from snnhw.graph.assumptions import TIMESTEPS
from snnhw.graph.finding import Finding
from snnhw.nir.reading import Reading
from snnhw.simulation.engine import simulate
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.for_data import for_data, with_timesteps
from snnhw.workflows.load import LoadedModel, load_model
from snnhw.workflows.quantise import Integers, quantise
from snnhw.workflows.report import build_report
from snnhw.workflows.simulate import Backend
from snnhw.workflows.simulate import simulate as run
from snnhw.workflows.verify import LavaShare, verify
from tests.nir.read.foreign import chain, lif

SIZE = 6


@pytest.fixture
def path(tmp_path):
    """A file that says no T, ends in a matrix and has weights on a grid."""
    rng = np.random.default_rng(2)
    first, last = (rng.integers(-4, 9, shape).astype(np.float32) / 8 for shape in ((5, SIZE), (3, 5)))
    nir.write(tmp_path / "net.nir", chain(nir.Linear(first), lif((5,)), nir.Linear(last), shape=(SIZE,)))
    return tmp_path / "net.nir"


def noise(*shape: int, name: str = "x.npy") -> Samples:
    values = np.random.default_rng(sum(shape)).random(shape, np.float32)
    return inputs_of(name, values, np.arange(shape[0]) % 3)


def said(model: LoadedModel) -> list[Finding]:
    assert [f for f in model.graph.findings if f.code == TIMESTEPS] == [
        f for f in model.findings if f.code == TIMESTEPS
    ]
    return [finding for finding in model.findings if finding.code == TIMESTEPS]


def test_data_with_steps_say_t(path, tmp_path):
    model, data = load_model(path), noise(4, 9, SIZE)
    assert model.timesteps is None and model.graph.timesteps == 16 and len(said(model)) == 1
    taken = with_timesteps(model, data)
    assert (taken.timesteps, taken.graph.timesteps, said(taken)) == (9, 9, []) and with_timesteps(taken, data) is taken
    stated = load_model(path, Reading(timesteps=9))
    expected = simulate(stated.graph, data.values)
    made = run(model, data, tmp_path / "a.npz")
    assert np.array_equal(made.record.logits, expected.logits) and made.record.timesteps == 9
    assert TIMESTEPS not in {f.code for f in made.findings}
    assert evaluate(model, data).accuracy == expected.accuracy(data.targets)
    report = build_report(model, data)
    assert report.counts.timesteps == 9 and TIMESTEPS not in {f.code for f in report.findings}
    assert quantise(model, data, tmp_path / "q.nir").quantised.graph.timesteps == 9
    certificate = verify(model, data, noise(3, 9, SIZE), tmp_path, LavaShare(0))
    assert certificate.floats.timesteps == 9 and certificate.certificate.agrees


def test_data_without_steps_are_held_for_the_usual_number_and_that_is_said(path):
    """[16, 6] could be 16 samples or one of 16 steps: the first axis counts samples."""
    model, data = load_model(path), noise(16, SIZE)
    taken = for_data(model, data)
    (finding,) = said(taken)
    assert taken.graph.timesteps == 16 and taken.timesteps is None and with_timesteps(taken, data) is taken
    assert "x.npy [16, 6] is taken for 16 samples without time steps, and each is held for 16 steps" in finding.message
    assert finding.remedy == "give --timesteps, or samples with steps as [N, T, 6]"
    assert simulate(taken.graph, data.values).samples == 16
    stated = load_model(path, Reading(timesteps=16))
    assert with_timesteps(stated, data) is stated and said(stated) == []


def test_steps_that_disagree_are_one_clear_error(path, tmp_path):
    model, data, other = load_model(path), noise(4, 9, SIZE), noise(4, 7, SIZE, name="calibration.npy")
    words = r"calibration\.npy has 7 time steps and x\.npy has 9; give data of one T"
    with pytest.raises(InputError, match=words):
        run(model, data, tmp_path / "a.npz", Backend("torch-int", calibration=other))
    with pytest.raises(InputError, match=words):
        verify(model, data, other, tmp_path, LavaShare(0))
    stated = load_model(path, Reading(timesteps=16))
    with pytest.raises(InputError, match=r"x\.npy has 9 time steps and --timesteps says 16; leave --timesteps out"):
        run(stated, data, tmp_path / "a.npz")
    assert with_timesteps(load_model(path, Reading(timesteps=9)), data).graph.timesteps == 9
    assert with_timesteps(model, noise(4, SIZE), data).graph.timesteps == 9  # static data hold for any T


def test_a_model_that_says_its_steps_keeps_them(digits, tmp_path):
    data = noise(2, 3, 1, 8, 8)
    assert digits.timesteps == 4 and with_timesteps(digits, data) is digits
    with pytest.raises(InputError, match=r"do not fit .* give \[N, 1, 8, 8\] or \[N, 4, 1, 8, 8\]"):
        run(digits, data, tmp_path / "a.npz")
    with pytest.raises(InputError, match=r"x\.npy has 3 time steps and --timesteps says 2"):
        run(load_model("digits", Reading(timesteps=2)), data, tmp_path / "a.npz")


def test_how_often_the_events_of_a_data_set_are_binned_stays_an_assumption(path):
    events = np.random.default_rng(0).integers(0, 2, (4, 10, SIZE)).astype(np.float32)
    data = dataset("camera:test", events, np.arange(4) % 3, 3, events=True)
    taken = for_data(load_model(path), data)
    (finding,) = said(taken)
    assert taken.graph.timesteps == 10 and taken.timesteps is None
    assert "neither the file nor camera:test says" in finding.message and "into 10" in finding.message


def test_sequences_have_steps_too_and_other_axes_are_refused_before_anything_is_assumed(path):
    """[N, T, C, L] of a network on (C, 1, L) has steps; what fits neither way is told both ways."""
    first = nir.Conv2d((1, 8), np.ones((3, 2, 1, 3), np.float32), 1, 0, 1, 1, np.zeros(3, np.float32))
    nir.write(path, chain(first, lif((3, 1, 6)), nir.Flatten({"input": (3, 1, 6)}, 0), shape=(2, 1, 8)))
    model = load_model(path)
    binary = inputs_of("x.npy", np.ones((4, 5, 2, 8), np.float32), None)
    taken = for_data(model, binary)
    assert (taken.timesteps, taken.graph.input.levels) == (5, 1)
    assert with_timesteps(model, noise(4, 2, 8)).graph.timesteps == 16
    with pytest.raises(InputError, match=r"shape \[4, 5, 1, 8\] does not fit .* \[N, 2, 1, 8\], or \[N, T, 2, 1, 8\]"):
        for_data(model, noise(4, 5, 1, 8))


def test_labels_for_a_network_that_ends_in_images_are_refused_before_it_runs(tmp_path):
    rng = np.random.default_rng(4)
    first, last = (rng.normal(size=shape).astype(np.float32) for shape in ((4, 1, 3, 3), (4, 1, 3, 3)))
    layers = (
        nir.Conv2d((6, 6), first, 1, 1, 1, 1, np.zeros(4, np.float32)),
        lif((4, 6, 6)),
        nir.Conv2d((6, 6), last, 1, 1, 1, 4, np.zeros(4, np.float32)),
        lif((4, 6, 6)),
    )
    nir.write(tmp_path / "net.nir", chain(*layers, shape=(1, 6, 6)))
    model, labelled = load_model(tmp_path / "net.nir"), noise(6, 5, 1, 6, 6)
    bare = inputs_of("x.npy", labelled.values, None)
    loss = quantise(model, bare, tmp_path / "q.nir", Integers(each_layer=True)).loss
    assert loss.integers.same_class is None and all(layer.alone.same_class is None for layer in loss.layers)
    integers = load_model(tmp_path / "q.nir")
    assert run(integers, bare, tmp_path / "a.npz", Backend("torch-int")).record.logits.shape == (6, 4, 6, 6)
    assert build_report(integers, bare).accuracy == {}
    assert verify(model, bare, bare, tmp_path, LavaShare(0)).certificate.accuracy == {}
    for refused in (
        lambda: run(integers, labelled, tmp_path / "b.npz", Backend("torch-int")),
        lambda: evaluate(integers, labelled),
        lambda: build_report(integers, labelled),
        lambda: quantise(model, labelled, tmp_path / "b.nir"),
        lambda: quantise(model, labelled, tmp_path / "b.nir", Integers(finetune=1)),
        lambda: verify(model, labelled, bare, tmp_path / "c", LavaShare(0)),
    ):
        with pytest.raises(InputError, match=r"output has the shape \[4, 6, 6\], which is no row of classes"):
            refused()
    assert not any((tmp_path / name).exists() for name in ("b.npz", "b.nir", "c"))
