"""Training step of the CIFAR-10 DS-ResNet-20: ours against the same network written plainly and against its ReLU floor.

Plain: time loop, one autograd function per level and tdBN out of elementary operators, as the MLF authors' code writes
them (Feng et al., 2022). Floor: ReLU and BatchNorm2d on the same frames of 32x32. Two threads, medians.

On a GPU, `python benchmarks/train_step.py --device cuda` times bfloat16 steps of 64 images; memory and gradients are
compared in float32 on either device. Without Triton, or with SNNHW_TRITON=0, ours runs on torch's operators there.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from snnhw.nn import MLF, TDBatchNorm, build, packed_spikes, relu_twin
from snnhw.nn.packing import Bytes, pack, unpack


class PlainSpike(torch.autograd.Function):
    """One level's step function, with the rectangle as its derivative."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, theta: float, width: float) -> Tensor:
        """0 or 1."""
        ctx.save_for_backward(u)
        ctx.theta, ctx.width = theta, width
        return torch.gt(u, theta).float()

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        """Derivative 1/a where |u - theta| < a/2."""
        (u,) = ctx.saved_tensors
        return g.clone() * ((abs(u - ctx.theta) < ctx.width / 2) / ctx.width), None, None


class PlainMLF(nn.Module):
    """Loop over time and levels; each spike function keeps its potential for backward."""

    def __init__(self, unit: MLF) -> None:
        super().__init__()
        self.unit = unit

    def forward(self, x: Tensor) -> Tensor:
        """Integers 0..K, [T*B, C, H, W]."""
        unit = self.unit
        rows = x.shape[0] // unit.timesteps
        u = [torch.zeros((rows, *x.shape[1:]), device=x.device) for _ in unit.thresholds]
        out = torch.zeros(x.shape, device=x.device)
        for t in range(unit.timesteps):
            now = slice(t * rows, (t + 1) * rows)
            spikes = []
            for k, theta in enumerate(unit.thresholds):
                fired = PlainSpike.apply(u[k], theta, unit.surrogate_width)
                u[k] = unit.decay * u[k] * (1 - fired) + x[now]
                spikes.append(PlainSpike.apply(u[k], theta, unit.surrogate_width))
            out[now] = sum(spikes)
        return out


class PlainNorm(nn.Module):
    """tdBN in elementary operators, each of which keeps what it needs for backward."""

    def __init__(self, norm: TDBatchNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        """Normalised with the statistics of the batch."""
        norm = self.norm
        mean = x.mean([0, 2, 3], keepdim=True)
        var = x.var([0, 2, 3], keepdim=True, unbiased=False)
        n = x.numel() / x.size(1)
        with torch.no_grad():
            norm.running_mean = 0.1 * mean[0, :, 0, 0] + 0.9 * norm.running_mean
            norm.running_var = 0.1 * var[0, :, 0, 0] * n / (n - 1) + 0.9 * norm.running_var
        x = norm.factor * (x - mean) / (torch.sqrt(var) + norm.eps)
        return x * norm.weight[None, :, None, None] + norm.bias[None, :, None, None]


def written_plainly(network: nn.Module) -> nn.Module:
    """The same parameters behind plain units."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, MLF):
                setattr(parent, name, PlainMLF(child))
            elif isinstance(child, TDBatchNorm):
                setattr(parent, name, PlainNorm(child))
    return network


def saved_megabytes(network: nn.Module, loss_of: Callable[[nn.Module], Tensor], packed: bool) -> float:
    """Memory that autograd keeps between forward and backward, weights and input not counted."""
    owned = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor | Bytes:
        packet = pack(tensor) if packed else tensor
        storage = (packet.values if isinstance(packet, Bytes) else packet).untyped_storage()
        if storage.data_ptr() not in owned:
            kept[storage.data_ptr()] = storage.nbytes()
        return packet

    with torch.autograd.graph.saved_tensors_hooks(keep, unpack):
        loss = loss_of(network)
    megabytes = sum(kept.values()) / 1e6
    loss.backward()
    return megabytes


def ratio(a: list[float], b: list[float]) -> float:
    """Median over the rounds, in each of which both ran one after the other: a machine that drifts does not count."""
    return statistics.median(x / y for x, y in zip(a, b, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=15, help="timed steps of each network")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: cuda where there is one")
    parser.add_argument("--precision", choices=("float32", "bf16"), help="of the timed steps; default: bf16 on cuda")
    parser.add_argument("--batch", type=int, help="images, each shown for four time steps; default: 4, 64 on cuda")
    parser.add_argument("--model", default="ds_resnet20", help="residual network for CIFAR-10")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--packed", action="store_true", help="ours keeps its spikes for backward as bytes")
    options = parser.parse_args()
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: torch finds no CUDA device; take --device cpu or a CUDA build of torch on a GPU.")
    precision = options.precision or ("bf16" if device == "cuda" else "float32")
    batch = options.batch or (64 if device == "cuda" else 4)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    x = torch.randn(batch, 3, 32, 32, device=device)
    target = torch.randint(10, (batch,), device=device)
    ours = build(options.model).to(device)
    plain = build(options.model).to(device)
    plain.load_state_dict(ours.state_dict())
    networks = {"ours": ours, "plain": written_plainly(plain), "floor": relu_twin(ours, timesteps=4).to(device)}

    def loss_of(network: nn.Module) -> Tensor:
        return nn.functional.cross_entropy(network(x), target)

    packs = {"ours": options.packed, "plain": False, "floor": False}
    memory = {name: saved_megabytes(network, loss_of, packs[name]) for name, network in networks.items()}
    apart = max(
        float((a.grad - b.grad).norm() / b.grad.norm())
        for a, b in zip(ours.parameters(), plain.parameters(), strict=True)
    )
    optimisers = {name: torch.optim.SGD(network.parameters(), 1e-3, 0.9) for name, network in networks.items()}
    seconds: dict[str, list[float]] = {name: [] for name in networks}
    for step in range(options.steps + 1):
        for name, network in networks.items():  # in turn, so that a busy moment of the machine hits all alike
            started = time.perf_counter()
            packing = packed_spikes() if packs[name] else nullcontext()
            with packing, torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
                loss = loss_of(network)
            loss.backward()
            optimisers[name].step()
            optimisers[name].zero_grad()
            if device == "cuda":
                torch.cuda.synchronize()
            if step:
                seconds[name].append(time.perf_counter() - started)
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    print(f"{options.model}, {4 * batch} frames of 32x32, {device}, {precision} steps, {options.threads} threads")
    print(f"{'network':8} {'step [s]':>9} {'fastest [s]':>12} {'kept for backward [MB]':>23}")
    for name in networks:
        print(f"{name:8} {middle[name]:9.3f} {min(seconds[name]):12.3f} {memory[name]:23.1f}")
    print(
        f"ours/floor {ratio(seconds['ours'], seconds['floor']):.2f}  "
        f"plain/ours {ratio(seconds['plain'], seconds['ours']):.2f}  "
        f"memory ours/plain {memory['ours'] / memory['plain']:.3f}  largest relative gradient difference {apart:.1e}"
    )


if __name__ == "__main__":
    main()
