"""Attention is counted as plain loops over the events of the running torch module say, every product a row."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import product as pairs

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.products import met_in
from snnhw.analysis.counting.streaming import count_steps, count_stream
from snnhw.analysis.energy.rate_times_flops import convention
from snnhw.errors import InputError
from snnhw.graph.ir import Product
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.load import model_of
from tests.attention_nets import QK, SDSA, SSA, STEPS, Around, Spikformer, lif, random_weights
from tests.graph.test_product import SIZE, graph_of, unit

SAMPLES, DIM, HEADS, TOKENS = 2, 16, 2, 16
EACH = DIM // HEADS


class OnTokens(nn.Module):
    """A block on [T, B, N, C] for values [T, B, C, N]."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x.transpose(-1, -2)).transpose(-1, -2)


NETWORKS = {
    "Spikformer": lambda: Around(OnTokens(SSA(DIM, HEADS, lif)), DIM, False),
    "QKFormer, tokens": lambda: Around(QK(DIM, HEADS, "tokens", lif), DIM, False),
    "QKFormer, channels": lambda: Around(QK(DIM, HEADS, "channels", lif), DIM, False),
    "Spike-driven Transformer": lambda: Around(SDSA(DIM, HEADS, lif), DIM, True),
}


def heard(network: nn.Module, x: Tensor) -> tuple[dict[str, Tensor], int, int, np.ndarray]:
    """(what every neuron module sent, synops and MACs of the layers with weights, logits) of the running module."""
    sent, synops, macs = {}, 0, 0

    def layer(module: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal synops, macs
        arriving, mask = args[0], (module.weight != 0).to(torch.float64)
        whole = bool((arriving == arriving.round()).all())
        y = arriving if whole else torch.ones_like(arriving)
        if isinstance(module, nn.Conv2d):
            taps = F.conv2d(y, mask, None, module.stride, module.padding)
        else:
            taps = F.conv1d(y, mask) if isinstance(module, nn.Conv1d) else y @ mask.T
        synops, macs = (synops + int(taps.sum()), macs) if whole else (synops, macs + int(taps.sum()))

    handles = []
    for name, module in network.named_modules():
        if type(module).__name__ == "MultiStepLIFNode":
            handles.append(module.register_forward_hook(lambda m, a, out, n=name: sent.__setitem__(n, out)))
        elif isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear) and name != "head":
            handles.append(module.register_forward_hook(layer))
    with torch.no_grad():
        logits = network(x).numpy()
    for handle in handles:
        handle.remove()
    return sent, synops, macs, logits


@cache
def run(name: str):
    """(model, record, counts, what the module did) of a network with random weights."""
    network = random_weights(NETWORKS[name](), 1)
    model = model_of(network, (2, 8, 8))
    x = np.random.default_rng(0).normal(0.5, 1, (SAMPLES, 2, 8, 8))
    record = simulate(model.graph, x, raster=True, execution=DOUBLE)
    return model, record, count(model.graph, record), heard(network, torch.as_tensor(x))


@pytest.mark.parametrize("name", NETWORKS)
def test_spikes_and_logits_are_the_modules_own(name):
    model, record, _, (sent, _, _, logits) = run(name)
    assert np.array_equal(record.logits, logits)
    units = {unit: model.graph.modules[unit] for unit in model.graph.units()}
    assert sorted(units.values()) == sorted(sent)
    for unit_name, path in units.items():
        own = sent[path].transpose(0, 1).reshape(SAMPLES, STEPS, -1).numpy()
        assert np.array_equal(record.raster[unit_name].reshape(own.shape), own) and 0 < own.mean() < 1


def events(spikes: Tensor) -> list[tuple[int, ...]]:
    return [tuple(place) for place in spikes.nonzero().tolist()]


def ssa_by_loops(sent: dict[str, Tensor]) -> list[int]:
    """q k^T: pairs of events of one head and channel in the same step; attn @ v: every event of v meets N rows."""
    q, k, v = (events(sent[f"block.block.{n}.lif"]) for n in "qkv")  # [T, B, N, C]
    keys = defaultdict(list)
    for t, b, m, c in k:
        keys[t, b, c].append(m)
    met = 0
    for t, b, _, c in q:
        for _ in keys[t, b, c]:
            met += 1
    return [met, sum(1 for _ in pairs(v, range(TOKENS)))]


def qk_by_loops(sent: dict[str, Tensor]) -> list[int]:
    """mask * k: events of k where the mask of their token, or channel, fires too."""
    mask, met = sent["block.attn_lif"], 0  # [T, B, heads, 1 or C / heads, N or 1]
    for t, b, c, n in events(sent["block.k.lif"]):  # [T, B, C, N]
        head, channel = divmod(c, EACH)
        met += int(mask[t, b, head, channel % mask.shape[3], n % mask.shape[4]])
    return [met]


def sdsa_by_loops(sent: dict[str, Tensor]) -> list[int]:
    """k * v and then q * mask: events of both at the same place; the mask is one of all tokens."""
    k, v, q = (events(sent[f"block.{n}.lif"]) for n in "kvq")  # [T, B, C, N]
    mask = set(events(sent["block.talking"]))  # [T, B, heads, 1, C / heads]
    gated = [1 for t, b, c, _ in q if (t, b, c // EACH, 0, c % EACH) in mask]
    return [len([1 for place in k if place in set(v)]), len(gated)]


LOOPS = {"Spikformer": ssa_by_loops, "Spike-driven Transformer": sdsa_by_loops}


@pytest.mark.parametrize("name", NETWORKS)
def test_products_count_as_plain_loops_over_events(name):
    _, _, counts, (sent, synops, macs, _) = run(name)
    rows = [row for row in counts.layers if row.kind == "product"]
    told = LOOPS.get(name, qk_by_loops)(sent)
    assert [row.unit_synops for row in rows] == [row.events for row in rows] == told and min(told) > 0
    assert [row.macs for row in rows] == [0] * len(rows) and counts.total("macs") == macs
    summed = {row.name: sum(e.unit_synops for e in row.edges if not e.synapse) for row in counts.layers}
    weighted = counts.total("unit_synops") - sum(told) - sum(summed.values()) - counts.layers[-1].unit_synops
    assert weighted == synops
    if name.startswith("QKFormer"):  # each spike of q is one accumulation in a sum
        assert summed["block_attn_lif"] == int(sent["block.q.lif"].sum())
    if name.startswith("Spike-driven"):  # each spike of k * v
        assert summed["block_talking"] == told[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_twin_multiplies_densely(name):
    model, _, counts, _ = run(name)
    rows = [row for row in counts.layers if row.kind == "product"]
    dense = TOKENS * TOKENS * DIM if name == "Spikformer" else TOKENS * DIM
    assert [row.dense_macs for row in rows] == [dense] * len(rows)
    assert all((row.neurons, row.neuron_updates, row.params, row.synapses) == (0, 0, 0, 0) for row in rows)
    told = convention(model.graph, counts)
    assert told.dense_macs == counts.total("dense_macs")
    assert told.unit_synops * SAMPLES == sum(r.unit_synops for r in counts.layers) - sum(
        e.unit_synops for e in counts.edges if not e.synapse
    )


def test_the_convention_takes_the_mean_rate_of_both_factors():
    model, _, counts, (sent, _, _, _) = run("Spikformer")
    layers = [row for row in counts.layers if row.kind == "product"]
    rates = {n: float(sent[f"block.block.{n}.lif"].mean()) for n in "qkv"}
    flops = TOKENS * TOKENS * DIM
    expected = STEPS * flops * ((rates["q"] + rates["k"]) / 2 + rates["v"])
    edges = [e for row in layers for e in row.edges]
    assert [(e.source, e.meets, e.unit_synops > 0) for e in edges] == [
        ("block_block_q_lif", True, False),
        ("block_block_k_lif", True, False),
        ("block_block_v_lif", False, True),
    ]
    weighted = [(e, model.graph.nodes[e.synapse]) for e in counts.edges if e.synapse and e not in edges]
    without = sum(e.spikes * node.size * node.weight[0].size / (TOKENS * DIM) for e, node in weighted)
    assert convention(model.graph, counts).rate_synops == pytest.approx(without / SAMPLES + expected)


def test_steps_add_up_to_the_whole():
    model, _, counts, _ = run("Spike-driven Transformer")
    x = np.random.default_rng(0).normal(0.5, 1, (SAMPLES, 2, 8, 8)).astype(np.float32)
    whole = count_stream(model.graph, [x[:1], x[1:]])
    steps = count_steps(model.graph, [x])
    for key in ("events", "unit_synops", "met_events", "met_synops", "macs"):
        assert sum(step.total(key) for step in steps) == whole.total(key)
    assert whole.total("met_events") > 0 and counts.merge(counts).total("met_synops") == 2 * counts.total("met_synops")


@pytest.mark.parametrize(("left", "right"), [(1, 1), (2, 3), (2, 0), (0, 2), (0, 0)])
def test_levels_and_analogue_factors(left, right):
    """[2, 3] @ [3, 2] of units of so many levels; 0: analogue values."""
    graph = graph_of([unit("a", left)] if left else [], [unit("b", right)] if right else [])
    record = simulate(graph, np.random.default_rng(0).uniform(-1, 3, (3, 2, SIZE)), raster=True)
    (row,) = [row for row in count(graph, record).layers if row.kind == "product"]
    spikes = {u: r.sum(axis=2).astype(int) for u, r in record.raster.items()}
    e = u = 0
    for n, t, i, d, m in pairs(range(3), range(2), range(2), range(3), range(2)):
        a = spikes["a"][n, t, 3 * i + d] if left else None
        b = spikes["b"][n, t, 2 * d + m] if right else None
        values = [value for value in (a, b) if value is not None]
        e, u = (e + all(values), u + int(np.prod(values))) if values else (e, u)
    macs = 0 if left or right else 3 * 2 * 12
    assert (row.events, row.unit_synops, row.macs, row.replicated_synops) == (e, u, macs, u)
    if left and right:
        assert (row.met_events, row.met_synops) == (e, u) and u >= e > 0


def test_a_pool_in_front_of_a_product_adds_up_its_spikes_once():
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = SSA(DIM, HEADS, lif)

        def forward(self, x: Tensor) -> Tensor:
            return x.mean(-1, keepdim=True) * x  # one mean of each channel, multiplied with all tokens

    network = random_weights(Around(Pooled(), DIM, False), 0)
    graph = model_of(network, (2, 8, 8)).graph
    counts = count(graph, simulate(graph, np.random.default_rng(0).normal(0.5, 1, (1, 2, 8, 8)), execution=DOUBLE))
    (row,) = [row for row in counts.layers if row.kind == "product"]
    spikes = sum(counts.layers[0].spikes)
    assert [(e.synapse, e.unit_synops) for e in row.edges] == [("", spikes), ("block_product", spikes)]


class KeysAndValues(SSA):
    """The same attention with the product of k and v first, which costs C / heads for each spike of q."""

    def forward(self, x: Tensor) -> Tensor:
        T, B, N, C = x.shape
        q, k, v = (
            y.reshape(T, B, N, self.heads, C // self.heads).permute(0, 1, 3, 2, 4)
            for y in (self.q(x), self.k(x), self.v(x))
        )
        y = (q @ (k.transpose(-2, -1) @ v)) * self.scale
        return self.proj(self.attn_lif(y.transpose(2, 3).reshape(T, B, N, C)))


def test_the_other_order_sends_the_same_and_meets_otherwise():
    orders = {}
    for kind in (SSA, KeysAndValues):
        network = random_weights(Around(OnTokens(kind(DIM, HEADS, lif)), DIM, False), 1)
        x = np.random.default_rng(0).normal(0.5, 1, (SAMPLES, 2, 8, 8))
        graph = model_of(network, (2, 8, 8)).graph
        record = simulate(graph, x, execution=DOUBLE)
        sent, _, _, logits = heard(network, torch.as_tensor(x))
        assert np.array_equal(record.logits, logits)
        orders[kind] = [row.unit_synops for row in count(graph, record).layers if row.kind == "product"], logits, sent
    (by_tokens, logits, sent), (by_channels, again, _) = orders.values()
    assert np.array_equal(logits, again) and by_tokens == ssa_by_loops(sent)
    values = defaultdict(list)
    for t, b, n, c in events(sent["block.block.v.lif"]):
        values[t, b, n, c // EACH].append(c)
    met = 0
    for t, b, n, c in events(sent["block.block.k.lif"]):
        met += len(values[t, b, n, c // EACH])
    assert by_channels == [met, EACH * len(events(sent["block.block.q.lif"]))]


def test_a_record_without_the_pairs_is_refused():
    model, record, _, _ = run("Spikformer")
    names = [node.name for node in model.graph.of_type(Product)]
    bare = SpikeRecord(record.samples, record.timesteps, record.units, record.logits)
    with pytest.raises(InputError, match=f"lacks the pairs of spikes that meet in '{names[0]}'"):
        count(model.graph, bare)
    assert met_in(model.graph, bare, names[1]) is None


def test_a_small_spikformer_is_its_module():
    """Two blocks of width 32 on 16 tokens, with max pools, residual sums, and means over tokens and time."""
    network = random_weights(Spikformer())
    model = model_of(network, (3, 16, 16))
    x = np.random.default_rng(0).normal(0.5, 1, (SAMPLES, 3, 16, 16))
    sent, synops, macs, logits = heard(network, torch.as_tensor(x))
    record = simulate(model.graph, x, raster=True, execution=DOUBLE)
    assert np.array_equal(record.logits, logits) and len(sent) == 17
    for unit_name, path in model.graph.modules.items():
        if path in sent:
            own = sent[path].transpose(0, 1).reshape(SAMPLES, STEPS, -1).numpy()
            assert np.array_equal(record.raster[unit_name].reshape(own.shape), own) and 0 < own.mean() < 1
    counts = count(model.graph, record)
    attention = sum(row.unit_synops for row in counts.layers if row.kind == "product")
    assert counts.total("macs") == macs
    assert counts.total("unit_synops") - attention - counts.layers[-1].unit_synops == synops
