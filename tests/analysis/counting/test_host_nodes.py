"""Networks with max pools and norms by their own statistics: they run and count as their modules, by hooks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import snnhw
from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.streaming import count_steps
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.checks.check import check
from snnhw.errors import InputError
from snnhw.nn.neurons import MLF
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.passes.decompose import decompose
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.rules.ways import LAVA, SANAFE, compiled
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import LoadedModel, model_of
from tests.tracing.hooks import work_by_hooks

STEPS, SIDE = 3, 6
Written = Callable[["Net", Tensor], Tensor]


class Net(nn.Module):
    """Two populations, `body` between them, where spikes of the first arrive."""

    def __init__(self, body: Written) -> None:
        super().__init__()
        self.frames, self.stem, self.first = Frames(STEPS), nn.Conv2d(2, 4, 3, padding=1), MLF(timesteps=STEPS)
        self.conv, self.side, self.last = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 1), MLF(timesteps=STEPS)
        self.tiles, self.overlaps = nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1)
        self.groups, self.layer = nn.GroupNorm(2, 4), nn.LayerNorm([4, SIDE, SIDE])
        self.head, self.mean, self.body = nn.Linear(4, 5), MeanOverTime(STEPS), body

    def forward(self, x: Tensor) -> Tensor:
        x = self.last(self.body(self, self.first(self.stem(self.frames(x)))))
        return self.mean(self.head(x.mean((2, 3))))


OF_SPIKES: dict[str, Written] = {
    "tiles": lambda net, x: net.conv(net.tiles(x)),
    "overlaps": lambda net, x: net.conv(net.overlaps(x)),
    "called": lambda net, x: net.conv(F.max_pool2d(x, 3, 2, 1)),
    "sum": lambda net, x: net.conv(net.tiles(x + x)),
    "after another": lambda net, x: net.conv(net.overlaps(net.tiles(x))),
    "two readers": lambda net, x: net.conv(net.tiles(x)) + net.side(net.tiles(x)),
    "joined": lambda net, x: net.conv(net.tiles(torch.cat([x[:, 2:], x[:, :2]], 1))),
}
OF_VALUES: dict[str, Written] = {
    "behind a layer": lambda net, x: net.tiles(net.conv(x)),
    "of a sum": lambda net, x: net.overlaps(net.conv(x) + net.side(x)),
    "groups": lambda net, x: net.groups(net.conv(x)),
    "layer": lambda net, x: net.layer(net.conv(x)) + x,
    "norm of spikes": lambda net, x: net.conv(net.groups(x)),
    "called norm": lambda net, x: F.group_norm(net.conv(x), 2, net.groups.weight, net.groups.bias),
    "pool of means": lambda net, x: net.conv(net.tiles(F.avg_pool2d(x, 2, 1))),
}
BODIES = OF_SPIKES | OF_VALUES


def lively(body: str, seed: int) -> Net:
    torch.manual_seed(seed)
    network = Net(BODIES[body]).double().eval()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.5)
    return network


def data(seed: int, samples: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, (samples, STEPS, 2, SIDE, SIDE))


def host_by_hooks(network: Net, x: Tensor) -> int:
    """Comparisons of pools and operations of norms, by what passes their modules."""
    done: list[int] = []

    def pool(module: nn.MaxPool2d, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        ones = torch.ones_like(inputs[0])
        taps = F.avg_pool2d(ones, module.kernel_size, module.stride, module.padding, divisor_override=1)
        done.append(int(taps.sum().round()) - taps.numel())

    def norm(module: nn.Module, inputs: tuple[Tensor, ...], out: Tensor) -> None:
        parts = getattr(module, "num_groups", 1)
        done.append(4 * inputs[0].numel() + 3 * parts * len(inputs[0]))

    hooks = {nn.MaxPool2d: pool, nn.GroupNorm: norm, nn.LayerNorm: norm}
    handles = [m.register_forward_hook(hooks[type(m)]) for m in network.modules() if type(m) in hooks]
    with torch.no_grad():
        network(x)
    for handle in handles:
        handle.remove()
    return sum(done)


def identity_synops(counts: NetworkCounts) -> int:
    return sum(edge.unit_synops for edge in counts.edges if not edge.synapse)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(BODIES)), st.integers(0, 2**16))
def test_a_network_runs_and_counts_as_its_module(body, seed):
    network, x = lively(body, seed), data(seed)
    model = model_of(network, (2, SIDE, SIDE))
    told = module_backend(network, model.traced).run(x, False)
    record = simulate(model.graph, x, execution=DOUBLE)
    np.testing.assert_allclose(record.logits, told.logits, atol=1e-9)
    for unit in ("first", "last"):
        np.testing.assert_array_equal(record.units[unit].levels, told.units[unit].levels)
    counts, frames = count(model.graph, record), torch.as_tensor(x).transpose(0, 1)
    arrived = counts.layers[0].unit_synops + counts.layers[1].unit_synops - identity_synops(counts)
    assert (arrived, counts.total("macs")) == work_by_hooks(network, frames)
    if body not in ("called", "called norm"):  # these have no module with a hook
        assert counts.total("host_operations") == host_by_hooks(network, frames)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(list(OF_SPIKES)), st.integers(0, 2**16))
def test_a_pool_of_k_levels_is_k_binary_pools(body, seed):
    graph, x = model_of(lively(body, seed), (2, SIDE, SIDE)).graph, data(seed)
    whole = simulate(graph, x, execution=DOUBLE, raster=True)
    for other in (decompose(graph), decompose_graded(graph)):
        record = simulate(other, x, execution=DOUBLE, raster=True)
        for name, raster in whole.raster.items():
            np.testing.assert_array_equal(record.raster[name], raster)
        np.testing.assert_allclose(record.logits, whole.logits, atol=1e-9)
        assert count(other, record).layers == count(graph, whole).layers
    pool = next(name for name in whole.raster if name not in graph.units())
    source = graph.nodes[graph.into(pool)[0].source].name
    if source in whole.raster and graph.into(pool)[0].gain == 1:
        levels = torch.as_tensor(whole.raster[source].astype(np.float64)).flatten(0, 2)
        node = graph.nodes[pool]
        expected = F.max_pool2d(levels, node.kernel, node.stride, node.padding).numpy()
        np.testing.assert_array_equal(whole.raster[pool].reshape(expected.shape), expected)
    steps = count_steps(graph, [x], lambda g, values, raster: simulate(g, values, execution=DOUBLE, raster=raster))
    assert sum(step.total("unit_synops") for step in steps) == count(graph, whole).total("unit_synops")


@pytest.mark.parametrize("body", ["tiles", "overlaps", "called"])
def test_time_slots_keep_a_pool_of_one_unit(body):
    graph, x = model_of(lively(body, 1), (2, SIDE, SIDE)).graph, data(1)
    slots = simulate(decompose_slots(graph), x, execution=DOUBLE)
    whole = simulate(graph, x, execution=DOUBLE)
    np.testing.assert_allclose(slots.logits, whole.logits, atol=1e-9)
    for unit in ("first", "last"):
        np.testing.assert_array_equal(slots.units[unit].levels.sum(0), whole.units[unit].levels.sum(0))


@pytest.mark.parametrize("body", ["sum", "joined", "behind a layer", "groups"])
def test_time_slots_refuse_what_is_no_sum_of_sub_steps(body):
    with pytest.raises(InputError, match="of more than the nested levels of one unit, which time slots cannot keep"):
        decompose_slots(model_of(lively(body, 1), (2, SIDE, SIDE)).graph)


def test_time_slots_refuse_a_pool_of_levels_that_are_not_nested():
    graph = model_of(lively("tiles", 1), (2, SIDE, SIDE)).graph
    first = graph.nodes["first"]
    loose = dataclasses.replace(first, thresholds=(0.6, 1.6), decay=0.9)
    assert first.nested and not loose.nested
    changed = graph.replace(nodes={**graph.nodes, "first": loose})
    with pytest.raises(InputError, match="of more than the nested levels of one unit"):
        decompose_slots(changed)
    raster = simulate(changed, data(1, 40), execution=DOUBLE, raster=True).raster["first"]
    levels = torch.as_tensor(raster.astype(np.float64)).flatten(0, 1)  # [N * T, K, C, H, W]
    pooled = F.max_pool2d(levels.flatten(0, 1), 2).unflatten(0, levels.shape[:2]).sum(1)
    assert not torch.equal(pooled, F.max_pool2d(levels.sum(1), 2))  # K binary pools would send something else


@pytest.mark.parametrize(("body", "kind"), [("behind a layer", "MaxPool"), ("groups", "GroupNorm")])
def test_every_target_refuses_by_name_with_a_remedy(body, kind, tmp_path):
    model = model_of(lively(body, 0), (2, SIDE, SIDE))
    name = next(n.name for n in model.graph.nodes.values() if type(n).__name__ == kind)
    remedy = model.graph.nodes[name].remedy
    for refuses in (
        lambda: snnhw.compile_loihi(model.graph, data(0)),
        lambda: snnhw.write_nir(model.graph, tmp_path / "net.nir"),
        lambda: compiled(model.graph, LAVA),
        lambda: compiled(model.graph, SANAFE),
        lambda: map_network(model.graph, load_chip("loihi1")),
    ):
        with pytest.raises(InputError, match=rf"'{name}'.* a {kind}\b.*; {remedy}\.$"):
            refuses()
    for target in ("nir", "lava", "loihi1", "loihi2", "sanafe"):
        found = [f for f in check(model.graph, target) if f.node == name and f.severity == "error"]
        assert found and (target == "nir" or found[0].remedy == remedy)


@pytest.mark.parametrize("body", ["tiles", "groups"])
def test_operations_of_a_host_have_no_price_and_are_said_to_have_none(body):
    model = LoadedModel("net", model_of(lively(body, 0), (2, SIDE, SIDE)).graph)
    counts = count(model.graph, simulate(model.graph, data(0)))
    priced = estimate(counts, load_profile("horowitz45-fp32"))
    host = counts.total("host_operations") // 3
    assert host and any(s.startswith(f"{host:,} operations per inference of max pools") for s in priced.excludes)
    assert not any("host" in term.quantity for term in priced.terms)
    plain = dict(counts.layers[-2].to_dict(3, STEPS))
    assert plain["host_operations"] == counts.layers[-2].host_operations
