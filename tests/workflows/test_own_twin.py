"""A ReLU twin as its owner has it, in every form, is the same twin; what is no twin is refused by name."""

from __future__ import annotations

import copy

import numpy as np
import onnx
import pytest
import safetensors.torch
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

from snnhw.analysis.energy.sparsity import activation_sparsity
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.nn import MLF, Frames, MeanOverTime
from snnhw.workflows.load import LoadedModel, model_of
from snnhw.workflows.own_twin import OwnTwin, trained_twin
from snnhw.workflows.report import ReportOptions, build_report
from snnhw.workflows.twin import measure_twin

FILE = """
import torch
from torch import nn
from torch.nn import functional

class Ann(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4 * 36, 10)  # made first, runs last
        self.stem, self.body = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        return self.head(self.body(self.stem(x).relu()).relu().flatten(1))

class Flat(Ann):
    def forward(self, x):
        return super().forward(x.reshape(len(x), 8, 8))

class Pair(Ann):
    def forward(self, x):
        return super().forward(x), None

def trained():
    torch.manual_seed(4)
    return Ann()
"""


@pytest.fixture
def spiking():
    torch.manual_seed(0)
    layers = (nn.Conv2d(1, 4, 3), MLF(timesteps=4), nn.Conv2d(4, 4, 3, padding=1), MLF(timesteps=4))
    return model_of(nn.Sequential(Frames(4), *layers, nn.Flatten(), nn.Linear(144, 10), MeanOverTime(4)), (1, 8, 8))


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(FILE)
    return tmp_path


def as_onnx(network, path):
    """The layers of `Ann`, written node by node."""
    nodes = [
        helper.make_node("Conv", ["x", "ws", "bs"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "wb", "bb"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("Flatten", ["d"], ["e"]),
        helper.make_node("Gemm", ["e", "wh", "bh"], ["y"], transB=1),
    ]
    weights = {
        f"{kind}{name[0]}": getattr(getattr(network, name), {"w": "weight", "b": "bias"}[kind]).detach().numpy()
        for name in ("stem", "body", "head")
        for kind in "wb"
    }
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "ann", ends[:1], ends[1:], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def forms(place):
    """The same weights in every form, with the module itself."""
    network = trained_twin("net.py:trained", LoadedModel("none", None, network=_ann(place)))
    torch.save(network.state_dict(), "w.pth")
    torch.save({"state_dict": {f"module.{k}": v for k, v in network.state_dict().items()}}, "wrapped.pt")
    safetensors.torch.save_file(network.state_dict(), "w.safetensors")
    return network, {
        "function": "net.py:trained",
        "module": "net:trained",
        "weights": OwnTwin("net.py:Ann", place / "w.pth"),
        "wrapped": OwnTwin("net:Ann", place / "wrapped.pt"),
        "safetensors": OwnTwin("net.py:Ann", place / "w.safetensors"),
        "onnx": as_onnx(network, place / "ann.onnx"),
        "in memory": network,
    }


def _ann(place):
    space = {}
    exec(compile((place / "net.py").read_text(), "net.py", "exec"), space)
    return space["Ann"]()


def test_every_form_is_the_same_twin(place, spiking, some):
    network, named = forms(place)
    zeros, macs = 0, 0
    with torch.no_grad():
        x = torch.from_numpy(some.values)
        first = network.stem(x).relu()
        second = network.body(first).relu()
        logits = network.head(second.flatten(1))
    rows = torch.tensor([2, 3, 3, 3, 3, 2])  # how many of the kernel's lie over a row of the image, with padding 1
    for activation, each in ((first, 4 * torch.outer(rows, rows)), (second, torch.tensor(10))):
        zeros += int(((activation == 0) * each).sum())
        macs += int((torch.ones_like(activation) * each).sum())
    for form, twin in named.items():
        found = measure_twin(twin, spiking, some)
        assert found.sparsity == pytest.approx(zeros / macs, abs=1e-9), form
        assert found.accuracy == float((logits.argmax(dim=1).numpy() == some.targets).mean()), form


def test_the_first_layer_that_runs_is_left_out_whatever_was_made_first(place, some):
    network, _ = forms(place)
    turned = copy.deepcopy(network)
    turned._modules = {name: turned._modules[name] for name in ("stem", "body", "head")}
    x = [torch.from_numpy(some.values)]
    assert activation_sparsity(network, x) == activation_sparsity(turned, x)


def test_a_report_takes_a_module_and_prices_its_zeros(place, spiking, some):
    network, named = forms(place)
    made = [build_report(spiking, some, ReportOptions(ann=twin)) for twin in (network, named["onnx"])]
    (matched,) = {report.ann["horowitz45-fp32"]["int4, matched"].per_inference for report in made}
    assert matched.typical < made[0].ann["horowitz45-fp32"]["int8"].per_inference.typical
    twin = made[0].ann["horowitz45-fp32"]["int4, matched"]
    behind = sum(term.count.typical for term in twin.terms if term.part != "first_layer")
    with torch.no_grad():
        x = torch.from_numpy(some.values)
        inside = functional.conv2d((network.stem(x) > 0).double(), torch.ones(4, 4, 3, 3).double(), padding=1).sum()
        last = (network.body(network.stem(x).relu()) > 0).sum() * 10
    assert behind == pytest.approx(float(inside + last) / len(x))  # each multiply-accumulate that meets no zero, once
    assert any("a share of their sum that is taken alike in all layers" in said for said in twin.assumes)
    assert "ReLU twin" in made[0].accuracy


def test_a_graph_without_a_module_is_held_against_the_weights_of_its_file(place, spiking, some):
    _, named = forms(place)
    graph = LoadedModel("graph", spiking.graph)
    assert measure_twin(named["onnx"], graph, some) == measure_twin(named["function"], spiking, some)
    with pytest.raises(InputError, match="has other layers than graph"):
        measure_twin(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), graph, some)


def test_what_is_no_twin_is_refused_by_name(place, spiking, some):
    forms(place)
    wide = nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(180, 10))
    for twin, said in (
        (spiking.network, "is a spiking network .it has a MLF.; give its ReLU twin"),
        (wide, "has other layers than Sequential .weights 5x1x3x3, 10x180 in place of 4x1x3x3, 4x4x3x3, 10x144"),
        ("nowhere", "There is no ReLU twin 'nowhere'; give a run folder, a zoo name, FILE.py:NAME"),
        ("digits", "is a spiking network; give the run of its ReLU twin"),
        (OwnTwin("digits", place / "w.pth"), "has its own weights; leave --ann-weights out"),
        ("net.py:Flat", r"does not take frames \[1, 8, 8\]"),
        ("net.py:Pair", "gives no values"),
        ("net.py:Nothing", "has no Nothing"),
    ):
        with pytest.raises(InputError, match=said):
            measure_twin(twin, spiking, some)


def test_weights_that_do_not_fit_are_refused(place, spiking):
    torch.save({"stem.weight": torch.zeros(1)}, "few.pth")
    (place / "odd.safetensors").write_bytes(b"x" * 20)
    for name, said in (
        ("few.pth", "lacks tensor"),
        ("odd.safetensors", "holds no weights in the format of safetensors"),
        ("none.pth", "There is no file"),
    ):
        with pytest.raises(InputError, match=said):
            trained_twin(OwnTwin("net.py:Ann", place / name), spiking)


def test_a_network_of_sequences_has_a_twin_of_sequences():
    torch.manual_seed(1)
    conv, head = nn.Conv1d(2, 3, 3), nn.Linear(18, 4)
    spikes = nn.Sequential(Frames(2), copy.deepcopy(conv), MLF(timesteps=2), nn.Flatten(), head, MeanOverTime(2))
    model = model_of(spikes, (2, 8))
    twin = nn.Sequential(conv, nn.ReLU(), nn.Flatten(), copy.deepcopy(head))
    x = np.random.default_rng(0).normal(size=(3, 2, 8)).astype(np.float32)
    with torch.no_grad():
        share = float((conv(torch.from_numpy(x)) <= 0).float().mean())
    assert measure_twin(twin, model, inputs_of("s", x, None)).sparsity == pytest.approx(share)
