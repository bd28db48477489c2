"""Quantisation-aware fine-tuning: a few epochs through the integers' rounding, when post-training is not enough.

Takes a folded graph, its quantisation and labelled samples; gives the quantisation of the tuned weights under the same
scales, so that the integers are what the last forward pass computed with.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from snnhw.compile import compile_channels
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses
from snnhw.passes.quantise import Quantised, quantise
from snnhw.train.data import Dataset
from snnhw.train.evaluate import time_first
from snnhw.train.graph_module import GraphModule


def finetune(
    graph: Graph,
    quantised: Quantised,
    data: Dataset,
    *,
    epochs: int = 3,
    lr: float = 1e-4,
    batch: int = 32,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Quantised:
    """Fine-tune `graph` for the integers of `quantised`.

    Args:
        graph: folded, multi-level, float.
        quantised: what `compile_loihi` made of it.
        data: training split.
        epochs: passes over the data, with a cosine schedule of the learning rate.
        lr: first learning rate of Adam.
        batch: samples per step.
        seed: of the order of the samples.
        progress: called with (epochs finished, epochs).

    Raises:
        InputError: the graph is not the one that was quantised, or cannot be trained.
    """
    if not set(graph.units()) <= set(quantised.scales):
        raise InputError(f"Graph {graph.name!r} is not the one that was quantised; quantise it first.")
    scaled = quantised.graph.input.scale
    trainable = fold_pool(identity_synapses(graph))  # the synapses that the scales belong to
    module = GraphModule(trainable, quantised.scales, scaled).train()
    steps = -(-len(data) // batch)
    optimiser = torch.optim.Adam(module.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    generator = np.random.default_rng(seed)
    for epoch in range(epochs):
        order = generator.permutation(len(data))
        for start in range(0, len(data), batch):
            picked = order[start : start + batch]
            x, target = torch.from_numpy(data.inputs[picked]), torch.from_numpy(data.targets[picked])
            loss = F.cross_entropy(module(time_first(x)), target)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        if progress:
            progress(epoch + 1, epochs)
    limit = (2 ** (graph.input.bits - 1) - 1) / float(scaled or 1.0)
    return quantise(compile_channels(module.trained()), input_limit=limit, scales=quantised.scales)
