"""Tracing torch modules: the graph runs as the module does, and what cannot be traced is named."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from snnhw.errors import InputError
from snnhw.graph import ir
from snnhw.graph.ir import LIF, Conv2d, Edge, Norm, Pool
from snnhw.nn.neurons import MLF
from snnhw.nn.resnet import DSResNet
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.passes import FLOAT, LOIHI_CHANNELS, run_passes
from snnhw.simulation.certificate import Stage, certify, graph_backend, module_backend
from snnhw.simulation.compare import CompareOptions
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from snnhw.workflows.load import model_of


def lively(network: nn.Module, seed: int = 0) -> nn.Module:
    """Norm statistics drawn so that all levels fire."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if hasattr(module, "running_var"):
            module.running_var.uniform_(0.3, 1.5, generator=generator)
            module.running_mean.uniform_(-0.3, 0.3, generator=generator)
            if module.weight is not None:
                module.weight.data.uniform_(1.0, 2.5, generator=generator)
    return network.eval()


@pytest.mark.parametrize("kind", ["ds", "plain"])
@pytest.mark.parametrize("static", [True, False])
def test_a_residual_network_runs_as_its_module(kind, static):
    torch.manual_seed(0)
    network = lively(DSResNet(2, 5, (4, 8), (2, 2), timesteps=3, downsample_sum=kind, input_norm=True))
    graph = trace(network, (2, 8, 8))
    inputs = np.random.default_rng(0).normal(size=(4, 2, 8, 8) if static else (4, 3, 2, 8, 8))
    stages = (
        Stage(module_backend(network, graph), graph),
        Stage(graph_backend("traced", graph), graph),
        Stage(graph_backend("folded", run_passes(graph, FLOAT)), graph),
        Stage(graph_backend("channels", run_passes(graph, LOIHI_CHANNELS)), graph),
    )
    certificate = certify(stages, inputs, comparison=CompareOptions(3))
    assert [a.differing for a in certificate.agreements] == [0, 0, 0]
    assert all(a.spikes > 1000 and a.logits_difference < 1e-9 for a in certificate.agreements)


def test_node_names_and_residual_fan_in():
    graph = trace(DSResNet(1, 5, (4, 8), (2, 1), timesteps=2), (1, 8, 8))
    assert {e.source for e in graph.into("stage1_block2_conv1")} == {"stem_mlf", "stage1_block1_mlf2"}
    assert graph.arriving("stage2_block1_conv1").levels == 9  # three units of three levels meet
    assert graph.signal("stem_conv").kind == "analog"
    assert graph.timesteps == 2
    assert graph.modules["stage1_block1_mlf2"].endswith("stage1_block1.mlf2")


class Doubling(nn.Module):
    def __init__(self):
        super().__init__()
        self.frames, self.conv, self.mlf = Frames(2), nn.Conv2d(1, 2, 3, padding=1), MLF(timesteps=2)
        self.head, self.readout = nn.Linear(2, 3), MeanOverTime(2)

    def forward(self, x):
        s = self.mlf(self.conv(self.frames(x)))
        s = torch.add(s + s, self.mlf(self.conv(s[:, :1] if False else self.frames(x))))
        return self.readout(self.head(s.mean((2, 3))))


def test_a_doubled_sum_keeps_its_factor_and_a_shared_module_becomes_two_nodes():
    network = Doubling().eval()
    graph = trace(network, (1, 4, 4))
    assert {"mlf", "mlf_2", "conv", "conv_2"} <= set(graph.nodes)
    pool = graph.of_type(Pool)[0]
    assert set(graph.into(pool.name)) == {Edge("mlf", pool.name, gain=2), Edge("mlf_2", pool.name)}
    x = np.random.default_rng(0).normal(0, 3, (3, 1, 4, 4))
    expected = network.double()(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(graph, x, execution=DOUBLE).logits, expected, atol=1e-12)


class Unsupported(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.up, self.act = nn.Conv2d(1, 2, 3), nn.Softplus(), nn.GELU()

    def forward(self, x):
        return torch.tanh(self.conv(x)) + self.act(self.up(self.conv(x)))


def test_everything_unsupported_is_named_at_once():
    with pytest.raises(InputError) as error:
        trace(Unsupported(), (1, 8, 8))
    message = str(error.value)
    assert all(word in message for word in ("up (Softplus, test_trace.py line ", "forward (tanh, test_trace.py line "))
    assert "\n" not in message


class Several(nn.Module):
    """One problem of each kind: a module, a call inside a submodule, an impossible parameter, unequal summands."""

    class Inner(nn.Module):
        def forward(self, x):
            return torch.tanh(x)

    def __init__(self):
        super().__init__()
        self.inner, self.act = Several.Inner(), nn.GELU()
        self.ring = nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular")
        self.small, self.wide = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 1)

    def forward(self, x):
        return self.inner(x) + self.act(x) + self.ring(x) + (self.small(x) + self.wide(x)) + x**2


def test_errors_of_parameters_and_shapes_are_reported_with_the_others():
    with pytest.raises(InputError) as error:
        trace(Several(), (1, 8, 8))
    message = str(error.value)
    line = Several.Inner.forward.__code__.co_firstlineno + 1
    assert f"inner (tanh, test_trace.py line {line})" in message
    assert all(
        word in message for word in ("act (GELU", "'ring' pads by the mode", "adds (2, 6, 6) and (2, 8, 8)", "pow")
    )
    assert "\n" not in message


class Idioms(nn.Module):
    """Views, functional pools and gains as people write them."""

    def __init__(self):
        super().__init__()
        self.conv, self.mlf, self.pool = nn.Conv2d(1, 2, 3, padding=1), MLF(timesteps=2), nn.LPPool2d(1, 2)
        self.head, self.drop, self.last = nn.Linear(8, 3), nn.Dropout(0.5), nn.Linear(3, 2)
        self.frames, self.readout = Frames(2), MeanOverTime(2)

    def forward(self, x):
        s = self.mlf(self.conv(self.frames(x)))
        s = torch.add(s, s, alpha=2)
        s *= 2
        s = F.dropout(self.pool(F.avg_pool2d(s, 2)), training=self.training)
        a = F.adaptive_avg_pool2d(s, (2, 2)).view(s.size(0), -1)
        b = s.reshape(s.shape[0], 8)
        return self.readout(self.last(self.drop(self.head(a) + self.head(torch.reshape(s, (-1, 8))) + self.head(b))))


def test_idioms_run_as_their_module():
    network = Idioms().double().eval()
    graph = trace(network, (1, 8, 8))
    assert [p.kind for p in graph.of_type(Pool)] == ["avg", "sum", "avg"]
    assert {e.gain for e in graph.out_of("mlf")} == {6}
    assert {"head", "head_2", "head_3"} <= set(graph.nodes)
    x = np.random.default_rng(0).normal(0, 3, (3, 1, 8, 8))
    expected = network(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(simulate(graph, x, execution=DOUBLE).logits, expected, atol=1e-12)


@pytest.mark.parametrize(
    "view", [lambda x: x.view(-1, 4), lambda x: x.reshape(2, -1), lambda x: x.view(x.size(0), 2, 2)]
)
def test_views_that_are_no_flatten_are_named(view):
    class View(nn.Module):
        def forward(self, x):
            return view(x)

    with pytest.raises(InputError, match=r"forward \((view|reshape), test_trace"):
        trace(View(), (2, 2, 2))


class Leaky(nn.Module):
    """A neuron as people write it: a loop over time, here with the reset of a soft or a hard threshold."""

    def __init__(self, beta, soft):
        super().__init__()
        self.beta, self.soft, self.timesteps = beta, soft, 3

    def forward(self, x):
        u, sent = 0.0, []
        for current in x.reshape(self.timesteps, -1, *x.shape[1:]):
            u = self.beta * u + current
            fired = (u > 1).to(x.dtype)
            u = u - fired if self.soft else u * (1 - fired)
            sent.append(fired)
        return torch.cat(sent)


class Residual(nn.Module):
    """Neurons of one's own around a residual sum."""

    def __init__(self, beta, soft):
        super().__init__()
        self.frames, self.end, self.head = Frames(3), MeanOverTime(3), nn.Linear(4 * 16, 3)
        self.conv, self.one = nn.Conv2d(1, 4, 3, padding=1), Leaky(beta, soft)
        self.body, self.two = nn.Conv2d(4, 4, 3, padding=1), Leaky(beta, soft)

    def forward(self, x):
        h = self.one(self.conv(self.frames(x)))
        return self.end(self.head((h + self.two(self.body(h))).flatten(1)))


def leaky_node(name, module, shape):
    return LIF(name=name, shape=shape, decay=module.beta, threshold=1.0, reset="subtract" if module.soft else "hard")


@pytest.mark.parametrize("soft", [False, True])
def test_neurons_of_ones_own_run_and_are_held_to_their_module(soft, tmp_path):
    torch.manual_seed(0)
    network = Residual(0.5, soft)
    model = model_of(network, (1, 4, 4), modules={Leaky: leaky_node})
    assert [n.decay for n in model.graph.of_type(LIF)] == [0.5, 0.5] and model.graph.timesteps == 3
    x = np.random.default_rng(0).normal(0, 3, (5, 1, 4, 4))
    record = simulate(model.graph, x, execution=DOUBLE)
    expected = network.double()(torch.as_tensor(x)).detach().numpy()
    np.testing.assert_allclose(record.logits, expected, atol=1e-12)
    assert all(record.units[name].spikes.sum() > 0 for name in ("one", "two"))
    told = module_backend(network, model.traced).run(x, False)
    np.testing.assert_array_equal(told.units["two"].levels, record.units["two"].levels)

    wrong = model_of(network, (1, 4, 4), modules={Leaky: lambda n, m, s: leaky_node(n, Leaky(0.25, soft), s)})
    with pytest.raises(InputError, match="does not send the sum of its levels"):
        module_backend(network, wrong.traced).run(x, False)


def test_a_neuron_that_does_not_say_its_steps_is_refused():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), Leaky(0.5, False))
    del network[1].timesteps
    with pytest.raises(InputError, match="says no number of steps"):
        trace(network, (1, 2, 2), modules={Leaky: leaky_node})


def test_batchnorm_is_told_from_tdbn():
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), MLF(timesteps=1), nn.Flatten(), nn.Linear(8, 2)
    ).eval()
    graph = trace(network, (1, 4, 4))
    assert graph.of_type(Norm)[0].eps_inside_root
    assert graph.of_type(ir.MLF)[0].thresholds == tuple(float(np.float32(t)) for t in (0.6, 1.6, 2.6))
    assert graph.of_type(Conv2d)[0].shape == (2, 2, 2)
