"""What the loss of a trained network is expected to grow by without each channel of its units, from one backward pass.

With o the spikes that a unit sends, L_n the cross-entropy of sample n and a gate of 1 on every channel c,

    g_nc = sum over steps and positions of o * dL_n/do = dL_n/dgate,    loss_c = 1/(2N) * sum over n of g_nc^2

Theis et al. 2018 (arXiv 1801.05787, eq. 9): the second order of the loss in the gate, its curvature being the Fisher
information of a network at its minimum; up to the factor 1/2 the gate criterion of Molchanov et al. 2019 (CVPR,
Importance estimation for neural network pruning, eq. 8, per sample). The gradient is that of the units' surrogate, and
norms keep their statistics, so that samples do not see each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.nn.time import time_first
from snnhw.progress import Progress, counter
from snnhw.train.batches import tensors

BATCH = 64  # samples whose spikes are kept for backward at once


def channel_losses(
    network: nn.Module, units: Mapping[str, str], data: Samples, progress: Progress | None = None
) -> Mapping[str, Array]:
    """Nats per sample, float64 [C] for each unit.

    Args:
        network: trained; its mode is put back.
        units: name -> path of the module that sends [T*B, C, ...].
        data: with labels.
        progress: called with the stage "channels judged", the samples finished and all of them.

    Raises:
        InputError: a unit's module runs twice in a forward.
    """
    sums: dict[str, Tensor] = {}
    sent: dict[str, Tensor] = {}
    first, training = next(network.parameters()), network.training
    hooks = [network.get_submodule(path).register_forward_hook(_keep(sent, name)) for name, path in units.items()]
    judged = counter(progress, "channels judged", len(data))
    network.eval()
    try:
        for start in range(0, len(data), BATCH):
            x, target = tensors(data, slice(start, start + BATCH))
            sent.clear()
            with torch.enable_grad():
                logits = network(time_first(x.to(first.device, first.dtype)))
                loss = nn.functional.cross_entropy(logits, target.to(first.device), reduction="sum")
                gradients = torch.autograd.grad(loss, list(sent.values()), allow_unused=True)
            for (name, spikes), gradient in zip(sent.items(), gradients, strict=True):
                by_gate = torch.zeros_like(spikes) if gradient is None else spikes.detach() * gradient
                by_sample = by_gate.double().reshape(-1, len(x), spikes.shape[1], by_gate[0, 0].numel()).sum((0, 3))
                squares = by_sample.square().sum(0)
                sums[name] = sums[name] + squares if name in sums else squares
            if judged:
                judged(len(x))
    finally:
        for hook in hooks:
            hook.remove()
        network.train(training)
    return {name: (total / (2 * len(data))).cpu().numpy() for name, total in sums.items()}


def _keep(sent: dict[str, Tensor], name: str) -> Callable[[nn.Module, object, Tensor], None]:
    def keep(module: nn.Module, given: object, spikes: Tensor) -> None:
        if name in sent:
            raise InputError(f"Unit {name!r} runs twice in a forward, so its channels cannot be judged one by one.")
        sent[name] = spikes

    return keep
