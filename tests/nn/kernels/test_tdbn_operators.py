"""tdBN's passes over torch's operators against autograd of the equation, for one process and for the share of one."""

import pytest
import torch

from snnhw.nn import TDBatchNorm, kernels
from snnhw.nn.kernels import tdbn_operators


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5, 5)])
@pytest.mark.parametrize("several", [False, True])
def test_backward_is_that_of_the_equation(shape, several):
    """With eps outside the root: y = s r (x - mean), r = 1/(sigma + eps), pull = r / sigma; `average` is asked for."""
    torch.manual_seed(0)
    x = (torch.randn(shape, dtype=torch.float64) * 2 + 1).requires_grad_()
    g, s, eps = torch.randn(shape, dtype=torch.float64), torch.rand(3, dtype=torch.float64) + 0.5, 1e-2
    axes, column = [0, *range(2, x.dim())], (1, -1, *[1] * (x.dim() - 2))
    mean, var = x.mean(axes), x.var(axes, unbiased=False)
    r = 1 / (var.sqrt() + eps)
    (s.view(column) * r.view(column) * (x - mean.view(column)) * g).sum().backward()
    n = x.numel() // 3
    with torch.no_grad():
        found, var_found = tdbn_operators.statistics(x)
        torch.testing.assert_close((found, var_found), (mean, var))
        average = (lambda sums: sums / n) if several else None
        grad_x, sum_g, sum_gx = tdbn_operators.backward(g, x, mean, s * r, r / var.sqrt(), average)
        torch.testing.assert_close(grad_x, x.grad)
        torch.testing.assert_close(sum_g, g.sum(axes))
        torch.testing.assert_close(sum_gx, (g * (x - mean.view(column))).sum(axes))


def test_affine_is_its_formula_on_every_layout():
    x, (mean, scale, shift) = torch.randn(2, 3, 4, 4), torch.randn(3, 3)
    wanted = (x - mean.view(-1, 1, 1)) * scale.view(-1, 1, 1) + shift.view(-1, 1, 1)
    for layout in (torch.contiguous_format, torch.channels_last):
        y = tdbn_operators.affine(x.contiguous(memory_format=layout), mean, scale, shift)
        torch.testing.assert_close(y, wanted)


def test_no_call_meets_the_check_that_torch_2_11_has(monkeypatch):
    """There torch.nn.functional.batch_norm refuses eps = 0, with which torch's kernels compute these passes."""

    def refuse(x, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        raise ValueError(f"batch_norm eps must be positive, got {eps}")

    monkeypatch.setattr(torch.nn.functional, "batch_norm", refuse)
    monkeypatch.setattr(kernels, "PASSES", (tdbn_operators,))
    norm = TDBatchNorm(3)
    x = torch.randn(4, 3, 5, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    norm(x).square().sum().backward()
    norm.eval()(x).sum().backward()
    assert bool(x.grad.any())
