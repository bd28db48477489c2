"""The trained ReLU twin of a network on the same samples: how sparse its activations are, how well it classifies.

Takes a run folder that was trained with `relu = true`; gives what the matched quantised twin of a report needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from snnhw.analysis.counting.twin_passes import RECURRENT, RECURRENT_STATIC, SUMMED, twin_passes
from snnhw.analysis.energy.sparsity import activation_sparsity
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.progress import Progress, counter
from snnhw.simulation.execution import current_device
from snnhw.simulation.frames import has_steps
from snnhw.train.run import load_run
from snnhw.workflows.load import LoadedModel
from snnhw.zoo import zoo_names, zoo_path

BATCH = 64


@dataclass(frozen=True)
class MeasuredTwin:
    """What one run of the twin over the samples gives."""

    sparsity: float  # gamma: share of multiply-accumulates behind the first layer that meet a zero
    accuracy: float | None


def measure_twin(
    run: Path | str, model: LoadedModel, inputs: Samples, progress: Progress | None = None
) -> MeasuredTwin:
    """Run the twin in `run` over all samples.

    Args:
        run: folder of a finished run of a ReLU network, or the name of one in the zoo.
        model: the spiking network that it is the twin of.
        inputs: samples, as for the spiking network; the run gets of them what the twin that is priced computes on.
        progress: called with the stage "ReLU twin", the frames finished and all of them.

    Raises:
        InputError: as `trained_twin`, or the spiking network has loops, which no ReLU run has.
    """
    network, device = trained_twin(run, model).to(current_device()), current_device()
    frames = twin_frames(model, inputs)  # [N, F, *shape]
    dtype, rows = next(network.parameters()).dtype, frames.reshape(-1, *model.graph.input.shape)
    batches = (torch.from_numpy(rows[start : start + BATCH]).to(device, dtype) for start in range(0, len(rows), BATCH))
    sent: list[np.ndarray] = []
    finished = counter(progress, "ReLU twin", len(rows))

    def keep(_module: nn.Module, _inputs: object, logits: torch.Tensor) -> None:
        sent.append(logits.cpu().numpy())
        if finished:
            finished(len(logits))

    hook = network.register_forward_hook(keep)
    sparsity = activation_sparsity(network, batches)
    hook.remove()
    if inputs.targets is None:
        return MeasuredTwin(sparsity, None)
    logits = np.concatenate(sent).reshape(*frames.shape[:2], -1).mean(axis=1)
    return MeasuredTwin(sparsity, float((logits.argmax(axis=1) == inputs.targets).mean()))


def trained_twin(run: Path | str, model: LoadedModel) -> nn.Module:
    """The ReLU network in `run`.

    Raises:
        InputError: it is a spiking network, or its layers are not those of `model`.
    """
    network, card = load_run(zoo_path(str(run)) if str(run) in zoo_names() and not Path(run).is_dir() else run)
    if not card.relu:
        raise InputError(f"{run} is a spiking network; give the run of its ReLU twin, trained with relu = true.")
    if model.network is not None and _shapes(network) != _shapes(model.network):
        raise InputError(f"{run} ({card.model}) has other layers than {model.name}; train the twin of this network.")
    return network


def twin_frames(model: LoadedModel, inputs: Samples) -> Array:
    """The frames [N, F, *shape] that the twin computes: one, the sum of all events, or every one of them.

    Raises:
        InputError: the network has loops, which no ReLU run has.
    """
    stepped = has_steps(model.graph, inputs.values)
    kind = twin_passes(model.graph, model.graph.timesteps, stepped=stepped).kind
    if kind in (RECURRENT, RECURRENT_STATIC):
        raise InputError(f"{model.name} has loops and a ReLU run has none, so it is no twin of it; leave --ann out.")
    values = inputs.values if stepped else inputs.values[:, None]
    return values.sum(axis=1, keepdims=True) if kind == SUMMED else values


def _shapes(network: nn.Module) -> list[tuple[int, ...]]:
    """Shapes of all weights that multiply."""
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
