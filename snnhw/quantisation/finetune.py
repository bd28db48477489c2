"""Quantisation-aware fine-tuning: a few epochs through the integers' rounding, when post-training is not enough.

Takes a folded graph, its quantisation and labelled samples; gives the quantisation under the same scales that does best
on samples it was not tuned on. The float network is a teacher beside the labels (Hinton, Vinyals and Dean 2015), which
keeps what it has learned.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from snnhw.data.datasets import Dataset, dataset, stratified_split
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.nn.time import time_first
from snnhw.passes import compile_channels
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses, spike_synapses
from snnhw.passes.pool_into_conv import pool_into_conv
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.graph_module import GraphModule
from snnhw.quantisation.quantise import Quantised, quantise
from snnhw.simulation.engine import simulate


def finetune(
    graph: Graph,
    quantised: Quantised,
    data: Dataset,
    *,
    epochs: int = 3,
    lr: float = 1e-4,
    batch: int = 32,
    held_out: float = 0.1,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Quantised:
    """Fine-tune `graph` for the integers of `quantised`.

    Args:
        graph: folded, multi-level, float.
        quantised: what `compile_loihi` made of it; fine-tuning begins with its values.
        data: training split.
        epochs: passes over the data, with a cosine schedule of the learning rate.
        lr: first learning rate of Adam.
        batch: samples per step.
        held_out: share of every class on which the epochs and `quantised` itself are compared.
        seed: of the order of the samples and of the share.
        progress: called with (epochs finished, epochs).

    Raises:
        InputError: the graph is not the one that was quantised, or cannot be trained.
    """
    if not set(graph.units()) <= set(quantised.scales):
        raise InputError(f"Graph {graph.name!r} is not the one that was quantised; quantise it first.")
    with_synapses = identity_synapses if quantised.input_as == "messages" else spike_synapses
    trainable = pool_into_conv(fold_pool(with_synapses(graph)))  # the synapses that the scales belong to
    module = GraphModule(dequantise(trainable, quantised), quantised.scales).train()
    teacher = GraphModule(trainable).eval()
    tuned, kept_out = (data.take(index) for index in stratified_split(data.targets, held_out, seed))
    wanted = torch.as_tensor(simulate(graph, kept_out.inputs).logits, dtype=torch.float64)
    best, least = quantised, loss_of_integers(quantised, kept_out, wanted)
    steps = -(-len(tuned) // batch)
    optimiser = torch.optim.Adam(module.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    generator = np.random.default_rng(seed)
    for epoch in range(epochs):
        order = generator.permutation(len(tuned))
        for start in range(0, len(tuned), batch):
            picked = order[start : start + batch]
            x, target = time_first(torch.from_numpy(tuned.inputs[picked])), torch.from_numpy(tuned.targets[picked])
            with torch.no_grad():
                taught = teacher(x)
            loss = tuning_loss(module(x), taught, target)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        made = quantise(compile_channels(module.trained(), input_as=quantised.input_as), scales=quantised.scales)
        reached = loss_of_integers(made, kept_out, wanted)
        if reached < least:
            best, least = made, reached
        if progress:
            progress(epoch + 1, epochs)
    return best


def labelled_samples(inputs: Samples, graph: Graph) -> Dataset:
    """Samples of a data set or a file as `finetune` takes them.

    Raises:
        InputError: they have no labels, or labels that are no class of `graph`.
    """
    if inputs.targets is None:
        raise InputError(
            f"{inputs.name} has no labels to fine-tune on; save them under the key 'target' of an .npz file."
        )
    classes = graph.readout.shape[0]
    if inputs.targets.dtype.kind not in "iu" or inputs.targets.min() < 0 or inputs.targets.max() >= classes:
        raise InputError(f"The labels of {inputs.name} are no integers 0..{classes - 1}; number the classes from 0.")
    values, targets = inputs.values.astype(np.float32), inputs.targets.astype(np.int64)
    return dataset(inputs.name, "train", values, targets, classes)


def tuning_loss(logits: Tensor, taught: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy with the labels plus Kullback-Leibler divergence from the teacher's classes, means over samples."""
    from_teacher = F.kl_div(F.log_softmax(logits, 1), F.log_softmax(taught, 1), log_target=True, reduction="batchmean")
    return F.cross_entropy(logits, target) + from_teacher


def loss_of_integers(quantised: Quantised, data: Dataset, taught: Tensor) -> float:
    """The same for the integers of `quantised`; `taught` are the float network's logits [N, classes]."""
    graph = quantised.graph
    head = graph.into(graph.readout.name)[0].source
    logits = torch.from_numpy(simulate(graph, data.inputs).logits / (quantised.scales[head] * graph.timesteps))
    return float(tuning_loss(logits, taught, torch.from_numpy(data.targets)))
