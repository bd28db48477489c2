"""Networks whose residual stream is analogue (membrane shortcuts): what is counted is what hooks on the module see."""

from collections import Counter

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import deployments
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.memory import memory_layers
from snnhw.analysis.energy.rate_times_flops import convention
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.graph.ir import LI, LIF, Conv2d, Graph, Input, Linear, Pool, Readout
from snnhw.nn import Frames, MeanOverTime
from snnhw.nn.neurons import MLF
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import model_of
from tests.analysis.nets import random_raster, record_of

CLASSES, SIZE = 3, 5


class Stream(nn.Module):
    """A stem, then operations on analogue sums by a plan, at the end neurons on the sum of all and a pooled read-out.

    "block": x + conv(fire(conv(fire(x)))), the block of MS-ResNet; "mix": x + conv(x), on analogue values; "branch": a
    further sum conv(fire(x)); "pair": conv(fire(x) + fire(y)) with a sum of spikes.
    """

    def __init__(self, plan, timesteps, width, levels, bias, seed):
        super().__init__()
        self.plan, self.frames = plan, Frames(timesteps)
        self.stem = nn.Conv2d(2, width, 3, 1, 1, bias=bias)
        thresholds = tuple(0.3 + k for k in range(levels))
        self.fires = nn.ModuleList(MLF(thresholds, timesteps=timesteps) for _ in range(2 * len(plan) + 1))
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, 1, 1, bias=bias) for _ in range(2 * len(plan)))
        self.pool, self.flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.fc, self.mean = nn.Linear(width, CLASSES), MeanOverTime(timesteps)
        rng = np.random.default_rng(seed)
        for weight in (m.weight for m in self.modules() if isinstance(m, nn.Conv2d)):
            weight.data *= 2 * torch.as_tensor(rng.random(tuple(weight.shape)) < 0.7)

    def forward(self, x):
        sums = [self.stem(self.frames(x))]
        for i, (kind, at, other) in enumerate(self.plan):
            a, b = sums[at % len(sums)], sums[other % len(sums)]
            one, two = self.fires[2 * i], self.fires[2 * i + 1]
            conv, last = self.convs[2 * i], self.convs[2 * i + 1]
            if kind == "block":
                sums[at % len(sums)] = a + last(two(conv(one(a))))
            elif kind == "mix":
                sums[at % len(sums)] = a + conv(a)
            elif kind == "branch":
                sums.append(conv(one(a)))
            else:
                sums.append(conv(one(a) + two(b)))
        total = sums[0]
        for more in sums[1:]:
            total = total + more
        return self.mean(self.fc(self.flat(self.pool(self.fires[-1](total)))))

    def takes_analogue(self):
        """Names of the convolutions that get analogue values, by construction."""
        return {"stem", *(f"convs.{2 * i}" for i, (kind, _, _) in enumerate(self.plan) if kind == "mix")}


def what_runs(network, x):
    """(what the network did in total, synops of each module), from hooks on every module that computes."""
    did, synops, analogue = Counter(), Counter(), network.takes_analogue()

    def hook(name):
        def seen(module, inputs, out):
            given = inputs[0].detach()
            if isinstance(module, MLF):
                did["neuron_updates"] += out.numel() * len(module.thresholds)
                return
            present = (module.weight != 0).to(given)
            if isinstance(module, nn.Linear):
                synops[name] += round((given * SIZE * SIZE).sum().item()) * CLASSES  # spikes before the global mean
                did["neuron_updates"] += out.numel()
                did["bias_adds"] += out.numel()
            else:
                entering = torch.ones_like(given) if name in analogue else given
                taps = round(F.conv2d(entering, present, None, module.stride, module.padding).sum().item())
                (did if name in analogue else synops)["macs" if name in analogue else name] += taps
                did["bias_adds"] += 0 if module.bias is None else out.numel()

        return seen

    handles = [
        module.register_forward_hook(hook(name))
        for name, module in network.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear | MLF)
    ]
    with torch.no_grad():
        logits = network(x)
    for handle in handles:
        handle.remove()
    return {**did, "unit_synops": sum(synops.values())}, synops, logits.numpy()


def stream_of(plan, seed, timesteps=2, levels=2):
    torch.manual_seed(seed)
    network = Stream(plan, timesteps, width=3, levels=levels, bias=seed % 2 == 0, seed=seed).double().eval()
    x = torch.randn(2, 2, SIZE, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2
    graph = model_of(network, (2, SIZE, SIZE)).graph
    record = simulate(graph, x.numpy(), execution=DOUBLE)
    did, synops, logits = what_runs(network, x)
    np.testing.assert_allclose(record.logits, logits, atol=1e-12)
    return graph, count(graph, record), did, synops


def same(counts, did):
    assert {key: counts.total(key) for key in did} == did


SEEDS = st.integers(0, 2**32 - 1)
STEPS = st.tuples(st.sampled_from(["block", "mix", "branch", "pair"]), st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=16, deadline=None)
@given(st.integers(1, 8), SEEDS)
def test_a_membrane_shortcut_network_counts_what_it_computes(blocks, seed):
    """Of 1 to 8 blocks. K*u alone has the sums once for each population that reads them: separate dendrites."""
    levels = 1 + seed % 3
    graph, counts, did, synops = stream_of([("block", 0, 0)] * blocks, seed, levels=levels)
    same(counts, did)
    replicated = synops["fc"]
    for i in range(blocks):
        readers = blocks - i  # the neurons of every later block, and those before the read-out
        replicated += levels * (synops[f"convs.{2 * i}"] + readers * synops[f"convs.{2 * i + 1}"])
    assert counts.total("replicated_synops") == replicated
    work = deployments(graph, counts)
    assert (work["channels"].synops, work["shared"].synops) == (replicated, did["unit_synops"])
    assert work["channels"].messages >= work["shared"].messages


def test_the_image_enters_a_membrane_shortcut_network_once():
    """By hand: a 3x3 convolution on 8x8 has 22 * 22 taps in bounds for each pair of 3 and 8 channels."""
    for blocks in (1, 4, 8):
        torch.manual_seed(0)
        network = nn.Sequential(Frames(4), nn.Conv2d(3, 8, 3, 1, 1, bias=False), *(Block() for _ in range(blocks)))
        network.extend([MLF(timesteps=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5), MeanOverTime(4)])
        graph = model_of(network.double().eval(), (3, 8, 8)).graph
        counts = count(graph, simulate(graph, np.random.default_rng(0).normal(0, 2, (4, 3, 8, 8))))
        assert counts.total("macs") == 4 * 4 * 22 * 22 * 3 * 8 == 185_856
        assert sum(layer.unit_synops > 0 for layer in counts.layers) > blocks


class Block(nn.Module):
    """x + conv(fire(conv(fire(x)))), of 8 channels."""

    def __init__(self):
        super().__init__()
        self.fires = nn.ModuleList(MLF((0.1,), timesteps=4) for _ in range(2))
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 3, 1, 1, bias=False) for _ in range(2))

    def forward(self, x):
        return x + self.convs[1](self.fires[1](self.convs[0](self.fires[0](x))))


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=6), SEEDS)
def test_random_networks_of_analogue_sums_count_what_they_compute(plan, seed):
    graph, counts, did, _ = stream_of(plan, seed, timesteps=1 + seed % 3)
    same(counts, did)
    assert convention(graph, counts).first_flops >= counts.total("macs") / (counts.samples * counts.timesteps)
    layers = memory_layers(graph, counts)
    assert counts.samples * sum(layer.macs for layer in layers) == did["macs"]
    assert round(counts.samples * sum(layer.synops for layer in layers)) == did["unit_synops"]
    assert round(counts.samples * sum(layer.spikes_out for layer in layers)) == counts.total("spikes")


def test_only_the_first_reader_of_the_image_is_a_first_layer():
    _, counts, did, _ = stream_of([("block", 0, 0)] * 3, seed=1)
    assert [layer.kind for layer in counts.layers] == ["first", *["spiking"] * 6, "readout"]
    assert [layer.macs for layer in counts.layers] == [did["macs"], *[0] * 7]
    assumed = (
        "A sum that several populations read is computed once; in the deployment channels it is computed for each."
    )
    assert assumed in estimate(counts, load_profile("horowitz45-fp32")).assumes


def test_a_pool_and_a_leaky_sum_that_two_populations_read_run_once():
    nodes = [
        Input(name="x", shape=(2, 4, 4)),
        Pool(name="pool", shape=(2, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=(3, 2, 2), weight=np.ones((3, 2, 1, 1)), bias=np.ones(3)),
        LI(name="leaky", shape=(3, 2, 2), decay=0.5),
        *(LIF(name=name, shape=(3, 2, 2), decay=0.5, threshold=1.0) for name in "ab"),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 12))),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [("x", "pool"), ("pool", "conv"), ("conv", "leaky"), ("leaky", "a"), ("leaky", "b")]
    graph = Graph.build(nodes, [*chain, ("a", "b"), ("a", "fc"), ("b", "fc"), ("fc", "readout")], timesteps=3)
    raster = random_raster(graph, np.random.default_rng(2), samples=2, density=0.5)
    a, b, _ = count(graph, record_of(graph, raster)).layers
    steps = 2 * 3
    assert (a.pool_adds, a.macs, a.bias_adds, a.neuron_updates) == (steps * 32, steps * 24, steps * 12, steps * 24)
    assert (b.pool_adds, b.macs, b.bias_adds, b.neuron_updates) == (0, 0, 0, steps * 12)
    assert (b.kind, b.synapse_nodes, b.unit_synops) == ("spiking", ("conv",), raster["a"].sum())
    assert (b.shared, b.shared_bias_adds) == ((), steps * 12)


def test_biases_of_a_shared_sum_are_replicated_with_their_dendrites():
    nodes = [
        Input(name="x", shape=(4,), levels=1),
        Linear(name="sum", shape=(3,), weight=np.ones((3, 4)), bias=np.array([1.0, 0.0, 2.0])),
        *(LIF(name=name, shape=(3,), decay=0.5, threshold=1.0) for name in "ab"),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 3))),
        Readout(name="readout", shape=(2,)),
    ]
    edges = [("x", "sum"), ("sum", "a"), ("sum", "b"), ("a", "fc"), ("b", "fc"), ("fc", "readout")]
    graph = Graph.build(nodes, edges, timesteps=3)
    raster = random_raster(graph, np.random.default_rng(2), samples=2, density=0.5)
    counts, sent = count(graph, record_of(graph, raster)), int(raster["x"].sum())
    a, b, _ = counts.layers
    assert (a.unit_synops, b.unit_synops, a.bias_adds, b.bias_adds) == (3 * sent, 0, 2 * 3 * 2, 0)
    assert (a.replicated_synops, b.replicated_synops) == (3 * sent, 3 * sent)
    done = {name: estimate(counts, load_profile("horowitz45-fp32"), deployment=name) for name in ("shared", "channels")}
    adds = {
        name: [
            t.count.typical for t in found.terms if t.layer in "ab" and t.quantity in ("bias_adds", f"{name} synops")
        ]
        for name, found in done.items()
    }
    assert adds == {"shared": [1.5 * sent, 6], "channels": [1.5 * sent, 6, 1.5 * sent, 6]}
    messages = {name: deployments(graph, counts)[name].messages for name in ("channels", "shared")}
    spikes = int(raster["a"].sum() + raster["b"].sum())
    assert messages == {"channels": 2 * sent + spikes, "shared": sent + spikes}
