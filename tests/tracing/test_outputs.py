"""Networks that return several values: each is a read-out, with the logits and the counts of the torch module."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnhw.analysis.counting.count import count
from snnhw.errors import InputError
from snnhw.graph.ir import Linear
from snnhw.nn import Frames, MeanOverTime
from snnhw.nn.neurons import MLF
from snnhw.simulation.certificate import Stage, certify, graph_backend, module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.outputs import output_name, returned
from snnhw.workflows.load import model_of


class Heads(nn.Module):
    """A trunk of neurons with heads by a plan (kind, layer, layer); returns them in a tuple, a list or a dict.

    "plain": mean(head(z)); "sum": mean(head(z) + head(y)); "twice": one matrix in two outputs, alone and in a sum;
    "same": one output returned twice; "behind": head(mean(z)).
    """

    def __init__(self, plan, form, timesteps, levels, seed):
        super().__init__()
        torch.manual_seed(seed)
        self.plan, self.form = plan, form
        self.frames, self.mean = Frames(timesteps), MeanOverTime(timesteps)
        self.trunk = nn.ModuleList(nn.Linear(a, b) for a, b in ((5, 6), (6, 4), (4, 7)))
        thresholds = tuple(0.1 + 0.3 * k for k in range(levels))
        self.fires = nn.ModuleList(MLF(thresholds, timesteps=timesteps) for _ in self.trunk)
        widths = (6, 4, 7)
        self.heads = nn.ModuleList(
            nn.ModuleList([nn.Linear(widths[a], 3), nn.Linear(widths[b], 3)]) for _, a, b in plan
        )
        rng = np.random.default_rng(seed)
        for matrix in (m for m in self.modules() if isinstance(m, nn.Linear)):
            matrix.weight.data *= 2 * torch.as_tensor(rng.random(tuple(matrix.weight.shape)) < 0.7)

    def forward(self, x):
        z, sent = self.frames(x), []
        for matrix, fire in zip(self.trunk, self.fires, strict=True):
            z = fire(matrix(z))
            sent.append(z)
        outputs = []
        for (kind, a, b), (one, two) in zip(self.plan, self.heads, strict=True):
            if kind == "behind":
                outputs.append(one(self.mean(sent[a])))
                continue
            value = one(sent[a])
            if kind in ("sum", "twice"):
                both = value + two(sent[b])
                outputs += [self.mean(both)] if kind == "sum" else [self.mean(value), self.mean(both)]
            else:
                outputs += [self.mean(value)] if kind == "plain" else [self.mean(value)] * 2
        if self.form == "dict":
            return {f"head {n}": output for n, output in enumerate(outputs)}
        return tuple(outputs) if self.form == "tuple" else list(outputs)


def values(result):
    return [v.detach().numpy() for v in (result.values() if isinstance(result, dict) else result)]


def what_runs(network, x):
    """(values returned, MACs and synops, biases included) from hooks on every matrix that runs."""
    did, hooks = Counter(), []

    def hook(module, given, out):
        weights = (module.weight != 0).sum(dim=0).double()  # [inputs]: synapses of each
        did["biases"] += out.shape[0] * int((module.bias != 0).sum())
        if module is network.trunk[0]:
            did["macs"] += given[0].shape[0] * int(weights.sum())
        else:
            did["unit_synops"] += int((given[0].double() @ weights).sum())

    hooks = [m.register_forward_hook(hook) for m in network.modules() if isinstance(m, nn.Linear)]
    with torch.no_grad():
        found = values(network(x))
    for handle in hooks:
        handle.remove()
    return found, did


plans = st.lists(
    st.tuples(st.sampled_from(["plain", "sum", "twice", "same"]), st.integers(0, 2), st.integers(0, 2)),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=25)
@given(plans, st.sampled_from(["tuple", "list", "dict"]), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**31))
def test_logits_and_counts_are_those_of_the_module(plan, form, timesteps, levels, seed):
    network = Heads(plan, form, timesteps, levels, seed).double().eval()
    x = np.random.default_rng(seed).uniform(-1, 2, (3, 5))
    model = model_of(network, (5,))
    record = simulate(model.graph, x, execution=DOUBLE)
    found, did = what_runs(network, torch.as_tensor(x))
    logits = list(record.outputs.values()) or [record.logits]
    assert len(logits) == len(found) == len(model.graph.readouts)
    for ours, theirs in zip(logits, found, strict=True):
        assert np.allclose(ours, theirs, atol=1e-12)
    assert np.array_equal(record.logits, logits[0])
    counts = count(model.graph, record)
    assert (counts.total("macs"), counts.total("unit_synops")) == (did["macs"], did["unit_synops"])
    assert counts.total("bias_adds") == did["biases"]
    matrices = model.graph.of_type(Linear)
    assert counts.total("dense_macs") == counts.total("params") - sum(len(m.bias) for m in matrices)
    assert len(matrices) == 3 + sum(2 if kind in ("sum", "twice") else 1 for kind, *_ in plan)


@settings(deadline=None, max_examples=15)
@given(plans, st.booleans(), st.integers(0, 2**31))
def test_the_certificate_holds_every_output(plan, behind, seed):
    plan = [*plan, ("behind", 0, 0)] if behind else plan
    network = Heads(plan, "tuple", 3, 2, seed).double().eval()
    model, x = model_of(network, (5,)), np.random.default_rng(seed).uniform(-1, 2, (3, 5))
    stages = (
        Stage(module_backend(network, model.traced), model.traced),
        Stage(graph_backend("graph", model.graph), model.graph),
    )
    assert certify(stages, x).agrees
    last = model.graph.nodes[model.graph.into(model.graph.readouts[-1].name)[0].source]
    nodes = {**model.graph.nodes, last.name: dataclasses.replace(last, weight=last.weight + 1.0)}
    wrong = model.graph.replace(nodes=nodes)
    assert not certify((stages[1], Stage(graph_backend("wrong", wrong), wrong)), x).agrees


def test_names_are_the_keys_or_those_of_the_means():
    plan = [("plain", 0, 0), ("plain", 1, 1)]
    names = {
        form: [n.name for n in model_of(Heads(plan, form, 2, 1, 0), (5,)).graph.readouts] for form in ("tuple", "dict")
    }
    assert names == {"tuple": ["mean", "mean_2"], "dict": ["head_0", "head_1"]}
    assert output_name("output 2", "mean", {"mean"}) == "mean_" and output_name("box", "mean", {"box"}) == "box_"
    assert output_name("1st", "mean", set()) == "mean"


class Odd(nn.Module):
    """Returns what is asked for beside its logits."""

    def __init__(self, what):
        super().__init__()
        self.what, self.frames, self.fc, self.fire = what, Frames(2), nn.Linear(5, 3), MLF((0.5,), timesteps=2)
        self.mean = MeanOverTime(2)

    def forward(self, x):
        z = self.fire(self.fc(self.frames(x)))
        beside = {"none": None, "nested": (z, z), "spikes": z, "size": x.shape[0]}[self.what]
        return self.mean(z), beside


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("none", "Odd returns a NoneType as 'output 2'; return one tensor, or several in a flat tuple"),
        ("nested", "Odd returns a tuple as 'output 2'"),
        ("spikes", r"'output 2' is no mean over time; end it with MeanOverTime\(T\), or do not return it"),
        ("size", "Odd returns output 2, which is no value; leave it out"),
    ],
)
def test_what_is_no_output_is_refused_by_its_place(what, said):
    with pytest.raises(InputError, match=said):
        model_of(Odd(what), (5,))


def test_nothing_is_no_output():
    with pytest.raises(InputError, match="Net returns nothing"):
        returned("Net", ())
    with pytest.raises(InputError, match="Net returns a NoneType as 'output'"):
        returned("Net", None)
