"""What enters is said before anything is counted: by the user, the file, the data set, or the values."""

import dataclasses

import numpy as np
import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.data.camera import Events, bin_events
from snnhw.data.datasets import dataset
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.nir.io import read_nir, write_nir
from snnhw.nn import build
from snnhw.passes.declare_input import declare_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.input_kind import with_input_kind
from snnhw.workflows.load import load_model, model_of
from snnhw.workflows.report import build_report, measure
from snnhw.workflows.simulate import Backend, simulate
from snnhw.workflows.verify import LavaShare, verify
from tests.oracle import count_events

STEPS, SIDE = 3, 8


@pytest.fixture(scope="module")
def camera():
    """Ten recordings of scattered events, some of them at the same place in the same step."""
    rng = np.random.default_rng(4)
    frames = []
    for events in range(20, 120, 10):
        x, y, polarity = (rng.integers(0, n, events) for n in (SIDE // 2, SIDE, 2))
        frames.append(bin_events(Events(x, y, polarity, np.sort(rng.integers(0, 9000, events))), STEPS, SIDE))
    return dataset("camera:test", np.stack(frames), np.arange(10) % 3, 3, events=True)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(3)
    module = build("nmnist_ds_resnet8", widths=(2, 3, 4), timesteps=STEPS, classes=3)
    return model_of(module, (2, SIDE, SIDE), "camera_net")


def test_one_accumulate_for_each_event_and_weight_that_it_meets(network, camera):
    """Ten recordings against the brute-force counter, which walks every event tap by tap."""
    model = with_input_kind(network, camera)
    largest = int(camera.values.max())
    assert largest > 1 and model.graph.input.levels == largest
    counts = count(model.graph, measure(network, camera).record)
    raster = np.stack([camera.values >= k for k in range(1, largest + 1)], axis=2)
    walked = count_events(model.graph, {"input": raster})
    found = {(e.source, e.synapse, e.target): e for e in counts.edges if e.source == "input"}
    assert set(found) == set(walked) and len(found) == 1
    for key, amounts in walked.items():
        assert [found[key].events, found[key].unit_synops, found[key].replicated_synops] == amounts
    first = counts.layers[0]
    assert (first.kind, first.macs, counts.total("macs")) == ("spiking", 0, 0) and first.unit_synops > first.events > 0
    analogue = count(network.graph, measure(network, camera.of_kind("analogue")).record)
    assert analogue.layers[0].kind == "first" and analogue.layers[0].macs == 10 * STEPS * first.dense_macs


def test_levels_do_not_depend_on_the_samples_taken(network, camera):
    assert camera.first(1).values.max() < camera.values.max()
    few, all_of_them = (with_input_kind(network, part).graph.input.levels for part in (camera.first(1), camera))
    assert few == all_of_them == camera.values.max()
    assert build_report(network, camera.first(1)).counts.layers[0].macs == 0


def test_a_file_is_concluded_from_all_its_values_and_that_is_a_finding(network, camera):
    saved = inputs_of("a.npy", camera.values, None)
    model = with_input_kind(network, saved.first(2))
    (finding,) = model.findings
    assert finding.code == "input-kind-concluded" and model.graph.input.levels == camera.values.max()
    assert "a.npy" in finding.message and "--input-kind analogue" in finding.remedy
    assert with_input_kind(model, saved) is model
    assert finding in build_report(network, saved).findings
    assert with_input_kind(network, saved.of_kind("events")).findings == ()
    assert with_input_kind(network, saved.of_kind("analogue")) is network
    fraction = camera.values.copy()
    fraction[9, 0, 0, 0, 0] = 0.5
    assert with_input_kind(network, inputs_of("b.npy", fraction, None).first(2)) is network


def test_images_without_steps_are_analogue_unless_they_are_stated(network):
    images = inputs_of("images.npy", np.full((2, 2, SIDE, SIDE), 255, np.uint8), None)
    (finding,) = with_input_kind(network, images).findings
    assert finding.code == "bytes-as-they-are" and with_input_kind(network, images).graph is network.graph
    assert with_input_kind(network, images.of_kind("events")).graph.input.levels == 255
    either = inputs_of("binary.npy", np.eye(SIDE, dtype=np.uint8)[None, None].repeat(2, axis=1), None)
    (finding,) = with_input_kind(network, either).findings
    assert finding.code == "input-kind-concluded" and "are 0 or 1 and have no time steps" in finding.message
    assert with_input_kind(network, either).graph is network.graph
    assert with_input_kind(network, either.of_kind("analogue")) is network


def test_data_of_two_kinds_are_refused(network, camera):
    images = dataset("images:train", camera.values / 9, np.zeros(10), 3)
    with pytest.raises(InputError, match="images:train is analogue and camera:test holds events; give"):
        with_input_kind(network, camera, images)
    with pytest.raises(InputError, match=r"camera:test holds events and c\.npy values that are none"):
        with_input_kind(network, camera, inputs_of("c.npy", camera.values / 9, None))
    whole, parts = inputs_of("d.npy", camera.values, None), inputs_of("e.npy", camera.values / 9, None)
    assert with_input_kind(network, whole, parts) is network  # all data are looked at
    dark = inputs_of("f.npy", camera.values * 0, None)
    assert with_input_kind(network, dark, whole).graph.input.levels == camera.values.max()


def test_a_file_that_says_its_kind_is_believed(network, camera, tmp_path):
    model = load_model(write_nir(declare_input(network.graph, 2), tmp_path / "a.nir"))
    assert model.graph.input.levels == 2 and with_input_kind(model, camera) is model
    with pytest.raises(InputError, match=r"takes events, whole numbers 0\.\.2"):
        simulate(model, camera, tmp_path / "a.npz")
    low = dataset("low:test", np.minimum(camera.values, 2), camera.targets, 3, events=True)
    assert "input" in simulate(model, low, tmp_path / "a.npz").record.units
    stated = simulate(model, camera.of_kind("analogue"), tmp_path / "a.npz")
    assert "input" not in stated.record.units


def test_integers_say_how_their_input_enters(network, camera, tmp_path):
    old = dataclasses.replace(network, graph=compile_loihi(network.graph, camera.values).graph)
    told = with_input_kind(old, camera)
    assert told.graph is old.graph and [f.code for f in told.findings] == ["integers-of-analogue-input"]
    with pytest.raises(InputError, match="quantise the float network with event data"):
        with_input_kind(old, camera.of_kind("events"))
    made = verify(network, camera, camera, tmp_path, LavaShare(samples=0))
    assert made.certificate.agrees and made.quantised.graph.input.scale == 1
    for path in (made.nir, made.nir_integers):
        assert read_nir(path).input.levels == camera.values.max()
    on_integers = simulate(network, camera, tmp_path / "a.npz", Backend("torch-int", calibration=camera))
    assert np.array_equal(on_integers.record.units["input"].spikes, camera.values.sum(axis=(0, 1)))
