"""The trained ReLU twin of a network on the same samples: how sparse its activations are, how well it classifies.

Takes a run folder that was trained with `relu = true`; gives what the matched quantised twin of a report needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from snnhw.analysis.counting.twin_passes import SUMMED, twin_passes
from snnhw.analysis.energy.sparsity import activation_sparsity
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.nn.time import time_first
from snnhw.simulation.frames import has_steps
from snnhw.train.run import load_run
from snnhw.workflows.load import LoadedModel

BATCH = 256


@dataclass(frozen=True)
class MeasuredTwin:
    """What one run of the twin over the samples gives."""

    sparsity: float  # gamma: share of multiply-accumulates behind the first layer that meet a zero
    accuracy: float | None
    findings: tuple[Finding, ...] = ()  # where it computes other frames than the twin that is priced


def measure_twin(run: Path | str, model: LoadedModel, inputs: Samples) -> MeasuredTwin:
    """Run the twin in `run` over all samples.

    Args:
        run: folder of a finished run of a ReLU network.
        model: the spiking network that it is the twin of.
        inputs: samples, as for the spiking network.

    Raises:
        InputError: the folder holds no ReLU network, or its layers are not those of the spiking network.
    """
    network, card = load_run(run)
    if not card.relu:
        raise InputError(f"{run} is a spiking network; give the run of its ReLU twin, trained with relu = true.")
    if model.network is not None and _shapes(network) != _shapes(model.network):
        raise InputError(f"{run} ({card.model}) has other layers than {model.name}; train the twin of this network.")
    kind = next(network.parameters()).dtype
    batches = (
        time_first(torch.from_numpy(inputs.values[start : start + BATCH]).to(kind))
        for start in range(0, len(inputs.values), BATCH)
    )
    guesses: list[np.ndarray] = []
    hook = network.register_forward_hook(lambda _module, _inputs, logits: guesses.append(logits.argmax(1).numpy()))
    sparsity = activation_sparsity(network, batches)
    hook.remove()
    accuracy = None if inputs.targets is None else float((np.concatenate(guesses) == inputs.targets).mean())
    stepped = has_steps(model.graph, inputs.values)
    priced = twin_passes(model.graph, model.graph.timesteps, stepped=stepped)
    findings = (_other_frames(str(run), priced.steps),) if stepped and priced.kind == SUMMED else ()
    return MeasuredTwin(sparsity, accuracy, findings)


def _other_frames(run: str, steps: int) -> Finding:
    return Finding(
        "twin-of-every-frame",
        "warning",
        "",
        f"the ReLU run {run} computes each of {steps} frames, and the twin that is priced their sum, once: the zeros and "
        f"the accuracy are those of a twin that costs {steps} times as much",
        "multiply its energy by the steps, or train the run on frames that are summed",
    )


def _shapes(network: nn.Module) -> list[tuple[int, ...]]:
    """Shapes of all weights that multiply."""
    return [tuple(m.weight.shape) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
