"""snnTorch's tutorial networks, rebuilt: equal to their own run, counted, reported, and why no chip takes them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from snnhw.data.samples import Samples
from snnhw.graph.ir import LI, LIF
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.check import check
from snnhw.workflows.load import LoadedModel, model_of
from snnhw.workflows.report import make_report
from snnhw.workflows.verify import LavaShare, verify
from tests.tutorial_nets import Curve, Dense, Images, events, over_events

STEPS = 5


def stronger(network, factor):
    """Weights with which neurons of random networks fire."""
    torch.manual_seed(0)
    for module in network.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            module.reset_parameters()
            module.weight.data *= factor
    return network


def uniform(*shape):
    return np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)


MODELS = {
    "dense": lambda: model_of(stronger(Dense(STEPS), 3), (784,)),
    "images": lambda: model_of(stronger(Images(STEPS), 4), (1, 28, 28)),
    "events": lambda: model_of(stronger(events(), 4), (2, 34, 34), timesteps=STEPS),
    "curve": lambda: model_of(stronger(Curve(STEPS), 2), (1,), timesteps=STEPS),
}
INPUTS = {
    "dense": uniform(3, 784),
    "images": uniform(2, 1, 28, 28),
    "events": (uniform(2, STEPS, 2, 34, 34) > 0.8).astype(np.float32),
    "curve": uniform(3, STEPS, 1) * 3,
}


@pytest.fixture(scope="module", params=MODELS)
def tutorial(request) -> tuple[str, LoadedModel]:
    return request.param, MODELS[request.param]()


def test_spikes_and_logits_are_those_of_the_network(tutorial):
    name, model = tutorial
    own = module_backend(model.network, model.traced, model.calling).run(INPUTS[name], False)
    ours = simulate(model.traced, INPUTS[name], raster=True, execution=DOUBLE)
    assert sum(int(unit.levels.sum()) for unit in ours.units.values()) > 20
    assert all((own.raster[unit] == ours.raster[unit]).all() for unit in own.raster)
    assert np.abs(own.logits - ours.logits).max() < 1e-6 and own.logits.any()
    kinds = [len(model.traced.of_type(kind)) for kind in (LIF, LI)]
    assert kinds == {"curve": [1, 1], "dense": [2, 0]}.get(name, [3, 0])


def test_the_report_counts_what_the_neurons_send(tutorial, tmp_path):
    name, model = tutorial
    samples = Samples(name, INPUTS[name], None, None, "")
    _, page = make_report(model, samples, tmp_path)
    written = json.loads((tmp_path / "report.json").read_text())
    ours = simulate(model.graph, INPUTS[name])
    spikes = sum(int(unit.levels.sum()) for unit in ours.units.values())
    counted = sum(sum(layer["spikes"]) for layer in written["layers"] if layer["name"] in ours.units)
    assert page.is_file() and written["samples"] == len(samples.values) and counted == spikes > 0


def test_the_certificate_lists_what_cannot_be_made(tutorial, tmp_path):
    name, model = tutorial
    made = verify(model, Samples(name, INPUTS[name], None, None, ""), INPUTS[name], tmp_path, LavaShare(samples=0))
    assert made.certificate.agrees and made.certificate.agreements[0].reference == "torch module"


@pytest.mark.parametrize(("name", "node"), [("images", "pool"), ("curve", "lif2_mem")])
def test_check_says_why_a_chip_does_not_take_it(name, node):
    refused = {f.node: f.message for f in check(MODELS[name](), "loihi1").findings if f.severity == "error"}
    assert node in refused and len(refused[node]) > 20


def test_one_call_for_each_step_is_what_users_write():
    model = MODELS["events"]()
    data = torch.from_numpy(INPUTS["events"]).transpose(0, 1)
    with torch.no_grad():
        own = over_events(model.network, data).mean(0).numpy()
    assert np.allclose(simulate(model.traced, INPUTS["events"], execution=DOUBLE).logits, own, rtol=0, atol=1e-6)
