"""Quantisation-aware fine-tuning: a few epochs through the integers' rounding, when post-training is not enough.

Takes a folded graph, its quantisation and labelled samples; gives the quantisation under the same scales that does best
on samples it was not tuned on. The float network is a teacher beside the labels (Hinton, Vinyals and Dean 2015), which
keeps what it has learned. With noise on the weights, as of memristive devices, every step sees other weights, and what
is judged are networks with such weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from snnhw.data.datasets import stratified_split
from snnhw.data.labels import row_of_classes
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, Conv2d, Graph, Linear
from snnhw.nn.time import time_first
from snnhw.passes import BEFORE_SYNAPSES, FOLDED, compile_channels, run_passes
from snnhw.passes.decompose import decompose, recompose
from snnhw.passes.identity_synapses import identity_synapses, spike_synapses
from snnhw.progress import Progress
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.graph_module import GraphModule
from snnhw.quantisation.quantise import Quantised, quantise
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import current_device
from snnhw.train.batches import tensors


@dataclass(frozen=True)
class Tuning:
    """Length and rate of the fine-tuning of a quantised network, and the share of the samples that judges it."""

    epochs: int = 3  # passes over the data, with a cosine schedule of the learning rate
    lr: float = 1e-4  # first learning rate of Adam
    batch: int = 32  # samples per step
    held_out: float = 0.1  # share of every class on which the epochs and the first quantisation are compared
    seed: int = 1  # of the order of the samples, of the share and of the noise
    weight_noise: Mapping[str, float] = field(default_factory=dict)  # synapse -> deviation in integer weight units


TUNING = Tuning()
NOISY = 3  # networks with noise on their weights that judge a candidate


def finetune(
    graph: Graph,
    quantised: Quantised,
    data: Samples,
    tuning: Tuning = TUNING,
    progress: Progress | None = None,
) -> Quantised:
    """Fine-tune `graph` for the integers of `quantised`.

    Args:
        graph: folded, multi-level, float.
        quantised: the result of `compile_loihi` for it; fine-tuning begins with its values.
        data: training samples with labels.
        tuning: epochs, rate and what is held out.
        progress: called with the stage "fine-tuning epochs", the epochs finished and all of them.

    Raises:
        InputError: the graph is not the one that was quantised, cannot be trained or ends in no row of classes, or the
            samples have no labels or some that are no class of the graph.
    """
    labels = data.labels(row_of_classes(graph.readout.shape))
    if not set(graph.units()) <= set(quantised.scales):
        raise InputError(f"Graph {graph.name!r} is not the one that was quantised; quantise it first.")
    if graph.of_type(ILIF):  # what was quantised are their channels
        graph = recompose(decompose(graph))
    with_synapses = identity_synapses if quantised.input_as == "messages" else spike_synapses
    # the synapses that the scales belong to
    trainable = run_passes(graph, (*BEFORE_SYNAPSES, with_synapses, *FOLDED))
    device = current_device()
    first = dequantise(trainable, quantised)
    module = GraphModule(first, quantised.scales, tuning.weight_noise, quantised.width).train().to(device)
    if tuning.weight_noise:
        torch.manual_seed(tuning.seed)
    teacher = GraphModule(trainable).eval().to(device)
    tuned, kept_out = (data.take(index) for index in stratified_split(labels, tuning.held_out, tuning.seed))
    wanted = torch.as_tensor(simulate(graph, kept_out.values).logits, dtype=torch.float64)
    best, least = quantised, loss_of_integers(quantised, kept_out, wanted, tuning.weight_noise)
    steps = -(-len(tuned) // tuning.batch)
    if progress:
        progress("fine-tuning epochs", 0, tuning.epochs)
    optimiser = torch.optim.Adam(module.parameters(), lr=tuning.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, tuning.epochs * steps)
    generator = np.random.default_rng(tuning.seed)
    for epoch in range(tuning.epochs):
        order = generator.permutation(len(tuned))
        for start in range(0, len(tuned), tuning.batch):
            x, target = (t.to(device) for t in tensors(tuned, order[start : start + tuning.batch]))
            x = time_first(x)
            with torch.no_grad():
                taught = teacher(x)
            loss = tuning_loss(module(x), taught, target)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        trained = compile_channels(module.trained(), input_as=quantised.input_as)
        candidate = quantise(trained, scales=quantised.scales, width=quantised.width)
        reached = loss_of_integers(candidate, kept_out, wanted, tuning.weight_noise)
        if reached < least:
            best, least = candidate, reached
        if progress:
            progress("fine-tuning epochs", epoch + 1, tuning.epochs)
    return best


def tuning_loss(logits: Tensor, taught: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy with the labels plus Kullback-Leibler divergence from the teacher's classes, means over samples."""
    from_teacher = F.kl_div(F.log_softmax(logits, 1), F.log_softmax(taught, 1), log_target=True, reduction="batchmean")
    return F.cross_entropy(logits, target) + from_teacher


def loss_of_integers(
    quantised: Quantised, data: Samples, taught: Tensor, weight_noise: Mapping[str, float] | None = None
) -> float:
    """`tuning_loss` of the integers of `quantised`; `taught` are the logits [N, classes] of the float network.

    With `weight_noise` the mean over `NOISY` networks whose weights have it.
    """
    graphs = [quantised.graph]
    if weight_noise:
        graphs = [with_noise(quantised.graph, weight_noise, seed) for seed in range(NOISY)]
    losses = []
    for graph in graphs:
        logits = torch.from_numpy(simulate(graph, data.values).logits / (quantised.logit_scale * graph.timesteps))
        losses.append(float(tuning_loss(logits, taught, torch.from_numpy(data.labels()))))
    return sum(losses) / len(losses)


def with_noise(graph: Graph, weight_noise: Mapping[str, float], seed: int) -> Graph:
    """The integer graph with normal noise, of a deviation for each synapse, on its weights."""
    rng = np.random.default_rng(seed)
    nodes = dict(graph.nodes)
    for name, deviation in weight_noise.items():
        node = graph.nodes[name]
        if isinstance(node, Conv2d | Linear):
            noise = rng.normal(0.0, deviation, node.weight.shape)
            nodes[name] = replace(node, weight=(node.weight + noise).astype(np.float32))
    return graph.replace(nodes=nodes)
