"""Spiking transformers at small size, written after the equations of their papers, in the layout of public code.

Values have time first, [T, B, ...]; layers of torch see [T*B, ...], so a flatten stands before and a reshape behind
each. Spikformer (Zhou et al., ICLR 2023): q, k and v are spikes, SSA = LIF(q k^T v s). QKFormer (Zhou et al., NeurIPS
2024): spikes of q, summed over channels (or over tokens), fire a mask over the tokens (or channels) of k. Spike-driven
Transformer (Yao et al., NeurIPS 2023): columns of k * v are summed and fire a mask over the channels of q; shortcuts
are between membranes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

STEPS = 4


class Heaviside(nn.Module):
    """The surrogate of a neuron, forward alone."""

    spiking = True

    def forward(self, x: Tensor) -> Tensor:
        return (x >= 0).to(x.dtype)


def _over_all_steps(self: nn.Module, x: Tensor) -> Tensor:
    """h = v + (x - v) / tau, s = h >= threshold, v = h (1 - s)."""
    v, sent = torch.zeros_like(x[0]), []
    for current in x:
        v = v + (current - v) / self.tau
        spikes = self.surrogate_function(v - self.v_threshold)
        v = (1.0 - spikes) * v
        sent.append(spikes)
    return torch.stack(sent)


_over_all_steps.__module__ = "spikingjelly.clock_driven.neuron"
_KIND = type(
    "MultiStepLIFNode", (nn.Module,), {"__module__": "spikingjelly.clock_driven.neuron", "forward": _over_all_steps}
)


def lif(threshold: float = 1.0) -> nn.Module:
    """A neuron as SpikingJelly has it, which is not installed here: its name, its attributes, its equations."""
    module = _KIND()
    module.surrogate_function = Heaviside()
    module.tau, module.decay_input, module.v_threshold, module.v_reset = 2.0, True, threshold, 0.0
    return module


Neuron = Callable[..., nn.Module]


class Tokens(nn.Module):
    """A matrix, a norm and perhaps neurons on tokens [T, B, N, C]."""

    def __init__(self, into: int, out: int, neuron: Neuron) -> None:
        super().__init__()
        self.linear, self.bn, self.lif = nn.Linear(into, out), nn.BatchNorm1d(out), neuron()

    def forward(self, x: Tensor) -> Tensor:
        T, B, N, _ = x.shape
        y = self.linear(x.flatten(0, 1))
        y = self.bn(y.transpose(-1, -2)).transpose(-1, -2)
        return self.lif(y.reshape(T, B, N, -1).contiguous())


class SSA(nn.Module):
    """Attention of spikes, with the product of q and k first."""

    def __init__(self, dim: int, heads: int, neuron: Neuron) -> None:
        super().__init__()
        self.heads, self.scale = heads, 0.125
        self.q, self.k, self.v = (Tokens(dim, dim, neuron) for _ in range(3))
        self.attn_lif, self.proj = neuron(0.5), Tokens(dim, dim, neuron)

    def forward(self, x: Tensor) -> Tensor:
        T, B, N, C = x.shape
        q, k, v = (
            y.reshape(T, B, N, self.heads, C // self.heads).permute(0, 1, 3, 2, 4).contiguous()
            for y in (self.q(x), self.k(x), self.v(x))
        )
        attn = (q @ k.transpose(-2, -1)) * self.scale
        y = (attn @ v).transpose(2, 3).reshape(T, B, N, C).contiguous()
        return self.proj(self.attn_lif(y))


class Block(nn.Module):
    """Attention and two matrices, each with its input beside it."""

    def __init__(self, dim: int, heads: int, neuron: Neuron) -> None:
        super().__init__()
        self.attn = SSA(dim, heads, neuron)
        self.mlp = nn.Sequential(Tokens(dim, 2 * dim, neuron), Tokens(2 * dim, dim, neuron))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(x)
        return x + self.mlp(x)


class Patches(nn.Module):
    """Convolutions with norms, neurons and max pools, then a convolution that says where a patch is."""

    def __init__(self, channels: int, dim: int, neuron: Neuron) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, dim // 2, 3, padding=1, bias=False), nn.BatchNorm2d(dim // 2)
        self.lif1, self.pool1 = neuron(), nn.MaxPool2d(3, 2, 1)
        self.conv2, self.bn2 = nn.Conv2d(dim // 2, dim, 3, padding=1, bias=False), nn.BatchNorm2d(dim)
        self.lif2, self.pool2 = neuron(), nn.MaxPool2d(3, 2, 1)
        self.rpe_conv, self.rpe_bn = nn.Conv2d(dim, dim, 3, padding=1, bias=False), nn.BatchNorm2d(dim)
        self.rpe_lif = neuron()

    def forward(self, x: Tensor) -> Tensor:
        T, B, _, H, W = x.shape
        x = self.bn1(self.conv1(x.flatten(0, 1))).reshape(T, B, -1, H, W).contiguous()
        x = self.pool1(self.lif1(x).flatten(0, 1).contiguous())
        x = self.bn2(self.conv2(x)).reshape(T, B, -1, H // 2, W // 2).contiguous()
        x = self.pool2(self.lif2(x).flatten(0, 1).contiguous())
        beside = x.reshape(T, B, -1, H // 4, W // 4).contiguous()
        x = self.rpe_bn(self.rpe_conv(x)).reshape(T, B, -1, H // 4, W // 4).contiguous()
        return (self.rpe_lif(x) + beside).flatten(-2).transpose(-1, -2)  # [T, B, N, C]


class Spikformer(nn.Module):
    """Patches, blocks, the mean over tokens and then over time."""

    def __init__(self, dim: int = 32, heads: int = 4, depth: int = 2, neuron: Neuron = lif) -> None:
        super().__init__()
        self.patches = Patches(3, dim, neuron)
        self.blocks = nn.ModuleList([Block(dim, heads, neuron) for _ in range(depth)])
        self.head = nn.Linear(dim, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1)
        x = self.patches(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(2).mean(0))


class Channels(nn.Module):
    """A convolution of kernel 1, a norm and perhaps neurons on [T, B, C, N]."""

    def __init__(self, into: int, out: int, neuron: Neuron | None) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv1d(into, out, 1, bias=False), nn.BatchNorm1d(out)
        self.lif = nn.Identity() if neuron is None else neuron()

    def forward(self, x: Tensor) -> Tensor:
        T, B, _, N = x.shape
        return self.lif(self.bn(self.conv(x.flatten(0, 1))).reshape(T, B, -1, N).contiguous())


class QK(nn.Module):
    """A mask over the tokens of k, or over its channels, where the spikes of q, summed over the others, fire."""

    def __init__(self, dim: int, heads: int, over: str, neuron: Neuron) -> None:
        super().__init__()
        self.heads, self.axis = heads, {"tokens": 3, "channels": 4}[over]
        self.q, self.k, self.proj = (Channels(dim, dim, neuron) for _ in range(3))
        self.attn_lif = neuron(0.5)

    def forward(self, x: Tensor) -> Tensor:
        C = x.shape[2]
        q, k = (y.unflatten(2, (self.heads, C // self.heads)) for y in (self.q(x), self.k(x)))
        mask = self.attn_lif(torch.sum(q, dim=self.axis, keepdim=True))
        return self.proj(torch.mul(mask, k).flatten(2, 3))


class SDSA(nn.Module):
    """A mask over the channels of q where the columns of k * v fire; in and out of membranes."""

    def __init__(self, dim: int, heads: int, neuron: Neuron) -> None:
        super().__init__()
        self.heads, self.first, self.talking = heads, neuron(), neuron(0.5)
        self.q, self.k, self.v, self.proj = (Channels(dim, dim, n) for n in (neuron, neuron, neuron, None))

    def forward(self, x: Tensor) -> Tensor:
        T, B, C, N = x.shape
        spikes = self.first(x)
        q, k, v = (
            y.transpose(-1, -2).reshape(T, B, N, self.heads, C // self.heads).permute(0, 1, 3, 2, 4)
            for y in (self.q(spikes), self.k(spikes), self.v(spikes))
        )
        mask = self.talking(k.mul(v).sum(dim=-2, keepdim=True))
        y = q.mul(mask).transpose(3, 4).reshape(T, B, C, N)
        return x + self.proj(y)


class Around(nn.Module):
    """A block between a stem of patches and a head; `membranes` hands it the sums of the stem, else spikes."""

    def __init__(self, block: nn.Module, dim: int, membranes: bool, neuron: Neuron = lif) -> None:
        super().__init__()
        self.stem, self.bn = nn.Conv2d(2, dim, 2, 2, bias=False), nn.BatchNorm2d(dim)
        self.lif = nn.Identity() if membranes else neuron()
        self.last = neuron() if membranes else nn.Identity()
        self.block, self.head = block, nn.Linear(dim, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1)
        T, B, _, H, W = x.shape
        x = self.bn(self.stem(x.flatten(0, 1))).reshape(T, B, -1, H // 2, W // 2)
        x = self.last(self.block(self.lif(x).flatten(3)))
        return self.head(x.mean(3).mean(0))


def random_weights(network: nn.Module, seed: int = 0) -> nn.Module:
    """In evaluation mode and float64, with weights and statistics of norms under which all layers fire."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            module.reset_parameters()
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 1.5, 2.5)
            nn.init.uniform_(module.bias, 0.0, 1.0)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.1, 0.3)
    return network.double().eval()
