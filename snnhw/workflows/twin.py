"""The trained ReLU twin of a network on the same samples: how sparse its activations are, how well it classifies.

Takes what `own_twin.py` reads; gives what the matched quantised twin of a report needs.
"""

from __future__ import annotations

from dataclasses import dataclass

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
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.own_twin import OwnTwin, Twin, trained_twin

BATCH = 64


@dataclass(frozen=True)
class MeasuredTwin:
    """What one run of the twin over the samples gives."""

    sparsity: float  # gamma: share of multiply-accumulates behind the first layer that meet a zero
    accuracy: float | None


def measure_twin(
    twin: OwnTwin | Twin, model: LoadedModel, inputs: Samples, progress: Progress | None = None
) -> MeasuredTwin:
    """Run the twin over all samples.

    Args:
        twin: as `trained_twin` takes it.
        model: the spiking network that it is the twin of.
        inputs: samples, as for the spiking network; the twin gets of them what the twin that is priced computes on.
        progress: called with the stage "ReLU twin", the frames finished and all of them.

    Raises:
        InputError: as `trained_twin`, the spiking network has loops, which no ReLU run has, or the twin does not take
            the frames of the samples or gives no row of values for each.
    """
    frames = twin_frames(model, inputs)  # [N, F, *shape]
    network, device = trained_twin(twin, model).to(current_device()), current_device()
    shape = model.graph.input.shape
    dtype, rows = next(network.parameters()).dtype, frames.reshape(-1, *shape)
    if model.graph.input.sequence:
        rows = rows.reshape(-1, shape[0], shape[2])  # (C, L), which the graph holds as an image of one row
    batches = (torch.from_numpy(rows[start : start + BATCH]).to(device, dtype) for start in range(0, len(rows), BATCH))
    label = (twin if isinstance(twin, OwnTwin) else OwnTwin(twin)).name
    sent: list[np.ndarray] = []
    finished = counter(progress, "ReLU twin", len(rows))

    def keep(_module: nn.Module, _inputs: object, logits: object) -> None:
        if not isinstance(logits, torch.Tensor) or logits.ndim < 2:
            raise InputError(f"{label} gives no values [samples, classes]; give a twin that ends in one row of values.")
        sent.append(logits.cpu().numpy())
        if finished:
            finished(len(logits))

    hook = network.register_forward_hook(keep)
    try:
        sparsity = activation_sparsity(network, batches)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        frame = list(rows.shape[1:])
        raise InputError(f"{label} does not take frames {frame} ({reason}); give the twin that does.") from error
    finally:
        hook.remove()
    if inputs.targets is None:
        return MeasuredTwin(sparsity, None)
    logits = np.concatenate(sent).reshape(*frames.shape[:2], -1).mean(axis=1)
    return MeasuredTwin(sparsity, float((logits.argmax(axis=1) == inputs.targets).mean()))


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
