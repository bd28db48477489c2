"""Norms of torch as nodes: the node computes what the module does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import GroupNorm, Norm
from snnhw.nn.neurons import MLF
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.synapses import apply_node
from snnhw.tracing.derived import held
from snnhw.tracing.modules import TRACE
from snnhw.tracing.norms import layer_norm
from snnhw.workflows.load import model_of

CASES = [
    (nn.GroupNorm(2, 4), (4, 3, 5), 2),
    (nn.GroupNorm(4, 4, affine=False), (4, 3, 5), 4),
    (nn.LayerNorm([4, 3, 5]), (4, 3, 5), 1),
    (nn.LayerNorm([3, 5], bias=False), (4, 3, 5), 4),
    (nn.LayerNorm(5, eps=0.1), (4, 3, 5), 12),
    (nn.LayerNorm(6), (6,), 1),
    (nn.LayerNorm(7), (4, 7), 4),
    (nn.LayerNorm([4, 7]), (4, 7), 1),
    (nn.InstanceNorm2d(4, affine=True), (4, 3, 5), 4),
    (nn.InstanceNorm1d(4), (4, 7), 4),
    (nn.InstanceNorm2d(4, track_running_stats=True), (4, 3, 5), None),
    (nn.BatchNorm2d(4), (4, 3, 5), None),
    (nn.BatchNorm1d(4), (4, 7), None),
]


@pytest.mark.parametrize(("module", "shape", "groups"), CASES)
def test_a_node_computes_what_its_module_does(module, shape, groups):
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    for name, buffer in module.named_buffers():
        if "running" in name:
            buffer.uniform_(0.5, 2)
    module = module.double().eval()
    x = torch.randn(4, *shape, dtype=torch.float64)
    node = TRACE[type(module)]("node", module, held(shape))
    assert (node.groups if isinstance(node, GroupNorm) else None) == groups and isinstance(node, GroupNorm | Norm)
    y = apply_node(node, x.reshape(2, 2, *held(shape)))
    with torch.no_grad():
        torch.testing.assert_close(y.reshape(x.shape), module(x), atol=1e-12, rtol=1e-12)


def test_a_norm_of_other_axes_is_refused():
    with pytest.raises(InputError, match=r"Norm 'node' takes \(4, 3\) as its last axes and gets \(4, 3, 5\)"):
        layer_norm("node", nn.LayerNorm([4, 3]), (4, 3, 5))


class Tokens(nn.Module):
    """A norm and a matrix of the last axis on values [T, B, N, C], in front of neurons."""

    def __init__(self, norm):
        super().__init__()
        self.stem, self.norm, self.linear, self.unit = nn.Conv1d(2, 6, 1), norm, nn.Linear(6, 4), MLF(timesteps=2)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = self.stem(x.repeat(2, 1, 1)).transpose(1, 2)
        x = self.linear(self.norm(x.reshape(2, -1, 5, 6)))
        return self.head(self.unit(x.flatten(0, 1)).reshape(2, -1, 5, 4).mean(2)).mean(0)


@pytest.mark.parametrize("norm", [nn.LayerNorm(6), nn.LayerNorm((5, 6)), nn.Identity()])
def test_norms_and_matrices_of_the_last_axes_take_time_in_an_axis_of_its_own(norm):
    torch.manual_seed(0)
    network, x = Tokens(norm).double().eval(), torch.rand(3, 2, 5, dtype=torch.float64) * 4
    graph = model_of(network, (2, 5)).graph
    logits = simulate(graph, x.numpy()[:, :, None], execution=DOUBLE).logits
    np.testing.assert_allclose(logits, network(x).detach().numpy(), atol=1e-12)
    assert len({tuple(row) for row in logits.round(9)}) > 1


def test_a_norm_over_channels_takes_batch_and_time_as_one_axis():
    with pytest.raises(InputError, match="'norm' gets time and batch as two axes"):
        model_of(Tokens(nn.GroupNorm(1, 5)), (2, 5))
