"""A network and its ANN twin run on this machine while a counter reads the energy that they take.

Takes a model with a torch module and samples; gives a `Measurement`, written as CSV and as profiles that `report` and
`compare` read with --profile.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import torch
from torch import Tensor, nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.hardware.workload import Workload
from snnhw.analysis.metering.counters import Counter, open_counter
from snnhw.analysis.metering.measurement import Measurement
from snnhw.analysis.metering.meter import Clock, Plan, Work, meter
from snnhw.analysis.report.place import MEASUREMENT, check_place
from snnhw.analysis.report.writing import csv_text
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.files import write_text
from snnhw.graph.ir import Array
from snnhw.nn.time import time_first
from snnhw.nn.twin import relu_twin
from snnhw.nn.wrappers import unwrapped
from snnhw.progress import Progress, staged
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate
from snnhw.train.run import software_versions
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.own_twin import OwnTwin, Twin, trained_twin
from snnhw.workflows.twin import twin_frames


@dataclass(frozen=True)
class MeasureOptions:
    """On which device, how many samples at a time, for how long."""

    device: str = "cpu"  # "cpu" or "cuda"
    batch: int = 1
    ann: OwnTwin | Twin | None = None  # the trained ReLU twin; None: a twin with weights drawn at random
    plan: Plan = field(default_factory=Plan)
    force: bool = False  # replace files of such names that are of no measurement


def measure(
    model: LoadedModel,
    inputs: Samples,
    options: MeasureOptions | None = None,
    progress: Progress | None = None,
    *,
    open_with: Callable[[str], Counter] = open_counter,
    clock: Clock | None = None,
) -> Measurement:
    """Measure `model` and its twin on `inputs`.

    Args:
        model: with a torch module whose neurons are ours.
        inputs: samples, at least one batch of them; they go round.
        options: device, batch, repetitions and the trained twin.
        progress: called with stage, repetitions finished, repetitions in all.
        open_with: gives the counter of a device.
        clock: seconds; None takes that of the machine.

    Raises:
        InputError: the counter cannot be read, the model has no module or no twin, the samples are too few or do not
            fit, or the work cannot be told from idling.
    """
    options, clock = options or MeasureOptions(), clock or Clock()
    model = for_data(model, inputs)
    network, twin, weights = _pair(model, inputs, options)
    if len(inputs) < options.batch:
        raise InputError(
            f"{inputs.name} has {len(inputs)} samples and a batch takes {options.batch}; give more, or a smaller batch."
        )
    counter = open_with(options.device)
    if options.device == "cuda" and not torch.cuda.is_available():
        raise InputError("This torch sees no GPU; install a torch with CUDA, or measure with --device cpu.")
    counts = count(model.graph, simulate(model.graph, inputs.values[:1]))
    frames = twin_frames(model, inputs)  # [N, F, *shape]
    seen = frames[:, 0] if frames.shape[1] == 1 else frames
    runs = {}
    for stage, module, values in (("network", network, inputs.values), ("ANN twin", twin, seen)):
        work = _work(module, values, options)
        what = f"the ANN twin of {model.name}" if module is twin else model.name
        runs[stage] = meter(what, work, counter, options.plan, clock, staged(progress, stage))
    return Measurement(
        model=model.name,
        data=inputs.name,
        device=options.device,
        machine=counter.machine,
        counter=counter.name,
        scope=counter.scope,
        batch=options.batch,
        workload=Workload.of(counts),
        network=runs["network"],
        twin=runs["ANN twin"],
        twin_weights=weights,
        bits=8 * next(network.parameters()).element_size(),
        software={**software_versions(), "threads": str(torch.get_num_threads())},
    )


def write_measurement(measured: Measurement, folder: str | Path, *, force: bool = False) -> Path:
    """Write measured.csv and the profiles work.toml and whole.toml into `folder`; gives the path of the first profile.

    Raises:
        InputError: the folder cannot be written, or a file of such a name there is of no measurement.
    """
    check_place(folder, MEASUREMENT, force=force)
    write_text(Path(folder) / "measured.csv", csv_text(measured.frame()))
    write_text(Path(folder) / "whole.toml", measured.profile_text("whole"))
    return write_text(Path(folder) / "work.toml", measured.profile_text("work"))


def _pair(model: LoadedModel, inputs: Samples, options: MeasureOptions) -> tuple[nn.Module, nn.Module, str]:
    """Copies of the network and of its twin, and where the twin's weights come from."""
    if model.network is None:
        raise InputError(
            f"Model {model.name!r} is a graph without a torch module, which no machine runs as it was trained; give a "
            "run folder, a zoo name, a .pth file or FILE.py:NAME."
        )
    if model.calling is not None:
        raise InputError(
            f"Model {model.name!r} has neurons of another framework, of which no ReLU twin is made; measure a network "
            "with MLF or ILIF units."
        )
    check_run(model.graph)
    network = copy.deepcopy(unwrapped(model.network))
    if options.ann is not None:
        named = options.ann if isinstance(options.ann, OwnTwin) else OwnTwin(options.ann)
        return network, trained_twin(named, model), f"the weights of {named.name}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        twin = relu_twin(network, twin_frames(model, inputs).shape[1])
    return network, twin, "weights drawn at random, on which the energy of dense arithmetic hardly depends"


def _work(module: nn.Module, values: Array, options: MeasureOptions) -> Work:
    """One batch after the other on the device, to its end."""
    on_gpu, kind = options.device == "cuda", next(module.parameters()).dtype
    module = module.to(options.device).eval()
    batches = [_tensor(values[n : n + options.batch]).to(options.device, kind) for n in _starts(values, options.batch)]
    endless = cycle(batches)

    @torch.no_grad()
    def work() -> int:
        module(next(endless))
        if on_gpu:
            torch.cuda.synchronize()
        return options.batch

    return work


def _starts(values: Array, batch: int) -> range:
    """Where whole batches begin."""
    return range(0, len(values) - batch + 1, batch)


def _tensor(values: Array) -> Tensor:
    return time_first(torch.as_tensor(values)).contiguous()
