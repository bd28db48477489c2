"""Weights that hooks and parametrisations compute are those of the module's own next forward pass."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from snnhw.tracing.weights import refresh_weights
from snnhw.workflows.load import model_of

STEPS = 3
SHAPE = (1, 4, 4)
Dress = Callable[[nn.Module], object]


def half(module: nn.Module) -> None:
    prune.l1_unstructured(module, "weight", amount=0.5)


def twice(module: nn.Module) -> None:
    half(module)
    prune.random_unstructured(module, "bias", amount=0.5)
    prune.ln_structured(module, "weight", amount=0.3, n=2, dim=0)


DRESSES: dict[str, Dress] = {
    "weight_norm": weight_norm,
    "spectral_norm": spectral_norm,
    "prune": half,
    "prune twice": twice,
    "parametrised weight_norm": parametrizations.weight_norm,
    "parametrised spectral_norm": parametrizations.spectral_norm,
    "orthogonal": parametrizations.orthogonal,
}


def unit() -> MLF:
    return MLF((0.05, 0.3), timesteps=STEPS)


def network_of(dress: Dress) -> nn.Module:
    conv, linear = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(64, 8)
    dress(conv)
    dress(linear)
    layers = Frames(STEPS), conv, unit(), nn.Flatten(), linear, unit(), nn.Linear(8, 3)
    return nn.Sequential(*layers, MeanOverTime(STEPS))


def moved(network: nn.Module) -> nn.Module:
    """After what an optimiser or a checkpoint does to every parameter, without a forward pass."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5).add_(0.02)
    return network


@pytest.mark.parametrize("dress", DRESSES.values(), ids=list(DRESSES))
@pytest.mark.parametrize("stale", [False, True])
def test_the_graph_runs_as_the_next_forward_pass_of_the_module(dress, stale):
    torch.manual_seed(0)
    network = network_of(dress).double().eval()
    x = torch.randn(6, *SHAPE, dtype=torch.float64) * 3
    with torch.no_grad():
        before = network(x).numpy()
    graph = trace(moved(network) if stale else network, SHAPE)
    with torch.no_grad():
        expected = network(x).numpy()
    record = simulate(graph, x.numpy(), execution=DOUBLE)
    np.testing.assert_allclose(record.logits, expected, atol=1e-10)
    assert all(unit.levels.sum() > 0 for unit in record.units.values())
    assert np.allclose(before, expected) != stale  # the weights did change


@pytest.mark.parametrize("dress", [weight_norm, spectral_norm, half], ids=["weight_norm", "spectral_norm", "prune"])
def test_a_checkpoint_that_is_loaded_and_traced_at_once_is_what_is_traced(dress):
    torch.manual_seed(0)
    trained, fresh = moved(network_of(dress)), network_of(dress)
    fresh.load_state_dict(trained.state_dict())
    graph = trace(fresh.eval(), SHAPE)
    x = torch.randn(6, *SHAPE)
    with torch.no_grad():
        expected = trained.eval()(x).numpy()
    np.testing.assert_allclose(simulate(graph, x.numpy(), execution=DOUBLE).logits, expected, atol=1e-4)


def test_a_refresh_leaves_what_training_goes_on_with_as_it_was():
    layer = spectral_norm(nn.Linear(4, 3)).train()
    before = copy.deepcopy(layer.state_dict())
    refresh_weights("layer", layer)
    assert layer.training and all(torch.equal(before[k], v) for k, v in layer.state_dict().items())
    layer(torch.ones(2, 4)).sum().backward()
    assert layer.weight_orig.grad is not None


def test_a_layer_that_has_seen_no_input_is_refused_by_name():
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    with pytest.raises(InputError, match="Layer '1' has no weights before its first input; run the network once"):
        trace(network, SHAPE)
    network(torch.ones(1, *SHAPE))
    assert trace(network, SHAPE).nodes["layer_1"].shape == (3,)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    layers = Frames(STEPS), nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), unit(), nn.Flatten(), nn.Linear(8, 3)
    return nn.Sequential(*layers, MeanOverTime(STEPS)).eval()


def test_weights_that_no_graph_can_take_are_named() -> None:
    sparse, whole, complex_ = small(), small(), small()
    sparse[5].weight = nn.Parameter(sparse[5].weight.detach().to_sparse())
    whole[5].weight = nn.Parameter(whole[5].weight.detach().to(torch.int8), requires_grad=False)
    complex_[1] = nn.Conv2d(1, 2, 3, dtype=torch.complex64)
    refused = {
        "'1' has a weight on the meta device, without values; load": small().to("meta"),
        "'5' has a weight that is stored as torch.sparse_coo; make it dense": sparse,
        "'5' has a weight of torch.int8; a graph has real": whole,
        "'1' has a weight of torch.complex64": complex_,
        "compiled by torch.jit, which hides its layers; give the module": torch.jit.trace(
            nn.Linear(2, 2), torch.ones(1, 2)
        ),
    }
    rounded = torch.ao.quantization.quantize_dynamic(small(), {nn.Linear}, dtype=torch.qint8)
    refused[r"no node for 5 \(Linear quantised by torch: give the network from before"] = rounded
    for sentence, network in refused.items():
        with pytest.raises(InputError, match=sentence):
            trace(network, SHAPE)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_of_any_floating_point_type_are_taken_as_they_are(dtype: torch.dtype) -> None:
    network = small().to(dtype)
    model = model_of(network, SHAPE)
    assert model.checksum
    stored = network[1].weight.detach().double().numpy()
    np.testing.assert_array_equal(model.traced.nodes["layer_1"].weight, stored)
    x = torch.randn(4, *SHAPE, dtype=torch.float64)
    with torch.no_grad():
        expected = network.double()(x).numpy()
    np.testing.assert_allclose(simulate(model.graph, x.numpy(), execution=DOUBLE).logits, expected, atol=1e-9)


def test_how_weights_lie_in_memory_and_where_it_is_traced_does_not_matter() -> None:
    network = small().double()
    network[1].weight.data = torch.randn(3, 3, 1, 2, dtype=torch.float64).permute(3, 2, 0, 1)
    network[5].weight.data = torch.randn(8, 3, dtype=torch.float64).T
    network = network.to(memory_format=torch.channels_last)
    x = torch.randn(4, *SHAPE, dtype=torch.float64)
    with torch.no_grad():
        expected = network(x).numpy()
    for context in (torch.no_grad(), torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16)):
        with context:
            graph = trace(network, SHAPE)
        np.testing.assert_allclose(simulate(graph, x.numpy(), execution=DOUBLE).logits, expected, atol=1e-12)


def test_a_network_in_training_mode_is_the_one_of_evaluation_from_there_on() -> None:
    """Running statistics and no dropout, whichever of its layers was in training mode."""
    network = small().double()
    network[4] = nn.Sequential(nn.Flatten(), nn.Dropout(0.5))
    network[2].running_mean += 0.3
    x = torch.randn(4, *SHAPE, dtype=torch.float64)
    with torch.no_grad():
        expected = network.eval()(x).numpy()
    network.eval()[2].train()
    network[4].train()
    model = model_of(network, SHAPE)
    with torch.no_grad():
        np.testing.assert_allclose(model.network(x).numpy(), expected)
    np.testing.assert_allclose(simulate(model.graph, x.numpy(), execution=DOUBLE).logits, expected, atol=1e-12)
