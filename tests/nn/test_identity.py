"""A residual block whose second convolution is zero: the branch is silent and the block should pass its input on."""

import pytest
import torch

from snnhw.nn.neurons import MLF
from snnhw.nn.resnet import Block

THRESHOLDS = (0.6, 1.6, 2.6)


def run(kind, levels, largest):
    """Output, input and gradient of the summed output for random integer inputs 0..largest, T = 4, batch 16."""
    torch.manual_seed(0)
    block = Block((8, 8), 1, kind, lambda: MLF(THRESHOLDS[:levels], 0.25, 1.0, 4)).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.randint(0, largest + 1, (4 * 16, 8, 6, 6)).float().requires_grad_()
    out = block(x)
    out.sum().backward()
    return out.detach(), x.detach(), x.grad


@pytest.mark.parametrize(("levels", "largest"), [(1, 1), (3, 3), (3, 6)])
def test_ds_block_is_the_identity_in_value_and_gradient(levels, largest):
    out, x, grad = run("ds", levels, largest)
    assert torch.equal(out, x)
    assert torch.equal(grad, torch.ones_like(grad))


# Measured on the authors' block: share of elements passed unchanged, of zero gradients, and the mean gradient.
@pytest.mark.parametrize(
    ("levels", "largest", "unchanged", "dead", "mean"), [(1, 1, 1.0, 0.236, 0.500), (3, 3, 0.993, 0.194, 0.754)]
)
def test_plain_block_loses_gradient(levels, largest, unchanged, dead, mean):
    out, x, grad = run("plain", levels, largest)
    assert float((out == x).float().mean()) == pytest.approx(unchanged, abs=0.003)
    assert float((grad == 0).float().mean()) == pytest.approx(dead, abs=0.01)
    assert float(grad.abs().mean()) == pytest.approx(mean, abs=0.01)


def test_plain_block_cannot_pass_sums_above_its_levels():
    out, x, _ = run("plain", 3, 6)
    assert float((out == x).float().mean()) == pytest.approx(0.57, abs=0.01)
