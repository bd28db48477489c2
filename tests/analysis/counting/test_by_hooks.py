"""Counts of random traced networks equal what hooks on the running torch module see.

Each network is drawn as steps on a list of values; a value is analogue, spikes, or a sum of both. Convolutions have
groups, strides, dilation, padding, zero weights and norms; layers and units are shared; the input is analogue or
events, one frame or one for each time step.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.fx
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import deployments
from snnhw.analysis.energy.memory import memory_layers
from snnhw.analysis.energy.rate_times_flops import convention
from snnhw.nn import Frames, MeanOverTime
from snnhw.nn.neurons import MLF
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import model_of

CLASSES, WIDTH, SAMPLES = 3, 4, 2


@dataclass(frozen=True)
class Value:
    """A value of the forward: the spikes that are in it, each with how often, and the layers in front of it."""

    x: Tensor
    analogue: bool
    spikes: tuple[tuple[Tensor, int], ...] = ()
    before: frozenset[int] = field(default_factory=frozenset)  # calls of layers, without a neuron in between

    def __add__(self, other: Value) -> Value:
        times = {id(s): (s, n) for s, n in self.spikes}
        times |= {id(s): (s, n + times.get(id(s), (s, 0))[1]) for s, n in other.spikes}
        return Value(
            self.x + other.x, self.analogue or other.analogue, tuple(times.values()), self.before | other.before
        )


class Drawn(nn.Module):
    """Runs `steps`, (kind, value, other value, options of the convolution), and reads out a unit on each value.

    While it runs on tensors, `values` keeps what each of them is, for the hooks, and `fits` whether two can be added,
    for the run of torch.fx.
    """

    def __init__(self, steps, channels, levels, timesteps, events, seed):
        super().__init__()
        self.steps, self.events, self.frames, self.fits = steps, events, Frames(timesteps), []
        rng, self.shared = np.random.default_rng(seed), []
        thresholds = ([0.3 + k for k in range(1 + (levels + i) % 3)] for i in range(3))
        self.units = nn.ModuleList(MLF(t, timesteps=timesteps) for t in thresholds)
        self.layers, self.norms = nn.ModuleList(), nn.ModuleList()
        for i, (_, _, _, (kernel, stride, dilation, wider, groups, normed, again)) in enumerate(steps):
            self.shared.append(self.shared[-1] if again and i > 1 else i)
            padding, groups = dilation * (kernel // 2) + wider, groups if channels % groups == 0 else 1
            bias = not normed and seed % 2 == 0
            self.layers.append(nn.Conv2d(channels, WIDTH, kernel, stride, padding, dilation, groups, bias=bias))
            self.norms.append(nn.BatchNorm2d(WIDTH) if normed else nn.Identity())
            channels = WIDTH
        self.window, self.pool = nn.AvgPool2d(3, 1, 1), nn.AdaptiveAvgPool2d(1)
        self.fc, self.mean = nn.Linear(WIDTH, CLASSES), MeanOverTime(timesteps)
        for layer in (*self.layers, self.fc):
            layer.weight.data *= 3 * torch.as_tensor(rng.random(tuple(layer.weight.shape)) < 0.7)
        for norm in (n for n in self.norms if isinstance(n, nn.BatchNorm2d)):
            norm.running_mean += torch.as_tensor(rng.normal(0, 0.3, WIDTH)).float()
            norm.running_var *= torch.as_tensor(rng.uniform(0.5, 2, WIDTH)).float()
            norm.bias.data += torch.as_tensor(rng.normal(0.3, 0.3, WIDTH)).float()

    def forward(self, x):
        self.traced, self.values, self.asked, self.calls, self.fired = isinstance(x, torch.fx.Proxy), {}, 0, 0, 0
        x = self.frames(x)
        values = [self.layer(0, Value(x, not self.events, ((x, 1),) if self.events else ()))]
        for i, (kind, a, b, _) in enumerate(self.steps[1:], start=1):
            one, two = values[a % len(values)], values[b % len(values)]
            if kind == "fire":  # a convolution of spikes
                values.append(self.layer(i, self.fire(one)))
            elif kind == "mix":  # of analogue values
                values.append(self.layer(i, one))
            elif kind == "both":  # of a sum of both
                values.append(self.layer(i, self.sum(one, self.fire(two))))
            elif kind == "shortcut":  # the block of MS-ResNet
                values[a % len(values)] = self.sum(one, self.layer(i, self.fire(one)))
            elif kind == "spikes":  # of a sum of spikes, of one of them twice
                first = self.fire(one)
                values.append(self.layer(i, self.sum(first, self.sum(first, self.fire(two)))))
            elif kind == "straight":  # spikes go into the units behind without a layer
                values[a % len(values)] = self.sum(self.fire(two), one)
            else:  # of an average over windows of a sum of both
                inner = self.sum(self.fire(two), one)
                values.append(self.layer(i, Value(self.window(inner.x), True, before=inner.before)))
        total = None
        for value in values:
            fired = self.fire(value)
            pooled = Value(self.pool(fired.x).flatten(1), False, fired.spikes)
            total = pooled if total is None else total + pooled
        return self.mean(self.fc(self.note(total).x))

    def note(self, value):
        if not self.traced:
            self.values[id(value.x)] = value
        return value

    def sum(self, one, two):
        """Their sum where their sizes agree, else the second."""
        if not self.traced:
            self.fits[self.asked :] = [one.x.shape == two.x.shape]
        self.asked += 1
        return one + two if self.fits[self.asked - 1] else two

    def fire(self, value):
        self.fired += 1
        spikes = self.units[self.fired % len(self.units)](self.note(value).x)
        return Value(spikes, False, ((spikes, 1),))

    def layer(self, i, value):
        self.calls += 1
        sent = self.norms[self.shared[i]](self.layers[self.shared[i]](self.note(value).x))
        return Value(sent, True, before=value.before | {self.calls})


def taps(entering, weight, layer):
    """Sum over what enters, times the weights it meets in bounds that are not zero."""
    how = layer.stride, layer.padding, layer.dilation, layer.groups
    return round(F.conv2d(entering, (weight != 0).to(entering), None, *how).sum().item())


def what_runs(network, x):
    """(totals of what `network` does, its logits)."""
    did, units, synops = Counter(), [], {}

    def conv(module, inputs, out):
        value = network.values[id(inputs[0])]
        ones = torch.ones_like(value.x)
        if value.analogue:
            found = Counter(macs=taps(ones, module.weight, module))
        else:
            found = Counter(
                unit_synops=sum(n * taps(s, module.weight, module) for s, n in value.spikes),
                events=sum(taps((s > 0).to(s), module.weight, module) for s, _ in value.spikes),
            )
        synops[network.calls] = found["unit_synops"]
        did.update(found)
        did["bias_adds"] += 0 if module.bias is None else out.numel()
        did["dense_macs"] += taps(ones[:1], torch.ones_like(module.weight), module)

    def unit(module, inputs, out):
        value = network.values[id(inputs[0])]
        straight = sum(n * round(s.sum().item()) for s, n in value.spikes)
        did.update(unit_synops=straight, events=sum(int((s > 0).sum()) for s, _ in value.spikes))
        did.update(neuron_updates=out.numel() * module.levels, spikes=round(out.sum().item()))
        units.append((module.levels, value.before, straight))

    def linear(module, inputs, out):
        present = (module.weight != 0).sum(dim=0)
        for spikes, n in network.values[id(inputs[0])].spikes:  # each meets every class once, whatever its position
            reached = [round((each.sum(dim=(0, 2, 3)) * present).sum().item()) for each in (spikes, (spikes > 0).int())]
            did.update(unit_synops=n * reached[0], replicated_synops=n * reached[0], events=reached[1])
        did.update(neuron_updates=out.numel(), bias_adds=out.numel(), dense_macs=module.weight.numel())

    def norm(module, inputs, out):
        did["bias_adds"] += out.numel()

    def window(module, inputs, out):
        ones = torch.ones_like(inputs[0])
        did["pool_adds"] += round(F.avg_pool2d(ones, 3, 1, 1, divisor_override=1).sum().item())

    kinds = {nn.Conv2d: conv, MLF: unit, nn.Linear: linear, nn.BatchNorm2d: norm, nn.AvgPool2d: window}
    hooks = [m.register_forward_hook(kinds[type(m)]) for m in network.modules() if type(m) in kinds]
    with torch.no_grad():
        logits = network(x).numpy()
    for hook in hooks:
        hook.remove()
    for levels, before, straight in units:  # dendrites of its own for each membrane
        did["replicated_synops"] += levels * (straight + sum(synops[call] for call in before))
    return did, logits


OPTIONS = st.tuples(
    st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.integers(0, 1), st.sampled_from([1, 2, 4]),
    st.booleans(), st.booleans(),
)  # fmt: skip
KINDS = ("fire", "mix", "both", "shortcut", "spikes", "straight", "window")
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 3), OPTIONS), min_size=1, max_size=6
)


@settings(max_examples=15, deadline=None)
@given(
    STEPS,
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from([0, 1, 3]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_counts_are_what_hooks_on_the_module_see(steps, channels, levels, timesteps, events, static, seed):
    torch.manual_seed(seed)
    network = Drawn(steps, channels, levels, timesteps, events > 0, seed).double().eval()
    rng, shape = np.random.default_rng(seed), (channels, 6, 5)
    shown = (SAMPLES, *shape) if static else (SAMPLES, timesteps, *shape)
    x = rng.integers(0, events + 1, shown) * (rng.random(shown) < 0.4) if events else 2 * rng.normal(size=shown)
    given_to = torch.as_tensor(x, dtype=torch.float64)
    did, logits = what_runs(network, given_to if static else given_to.transpose(0, 1))
    graph = declare_input(model_of(network, shape).graph, events or None)
    record = simulate(graph, x.astype(float), execution=DOUBLE)
    np.testing.assert_allclose(record.logits, logits, atol=1e-9)
    counts = count(graph, record)
    did["dense_macs"] *= 1 if events or static else timesteps  # hooks see one pass; every analogue frame takes one
    keys = {*did, "macs", "unit_synops", "events", "pool_adds", "replicated_synops"}
    assert {key: counts.total(key) for key in keys} == {key: did[key] for key in keys}
    memory, work = memory_layers(graph, counts), deployments(graph, counts)
    assert SAMPLES * sum(layer.macs for layer in memory) == did["macs"]
    straight = sum(e.unit_synops for e in counts.edges if not e.synapse)
    assert round(SAMPLES * sum(layer.synops for layer in memory)) == did["unit_synops"] - straight
    assert (work["shared"].synops, work["channels"].synops) == (did["unit_synops"], did["replicated_synops"])
    assert convention(graph, counts).unit_synops * SAMPLES == did["unit_synops"] - straight
