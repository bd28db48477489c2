"""Integer neurons (I-LIF): the integers of training against slots, channels and graded spikes, and what each costs.

Two networks are trained and run on their whole test sets: digits, and CIFAR-10 of width 16 (where it is at hand:
--data or SNNHW_DATA; a short training, since equality is the question and not accuracy). The integers that the torch
module sends are compared with those of every deployment, neuron by neuron and step by step, in float64. The last line
says how many differ, and the synops of every deployment beside those of the channels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.deployments import Deployment, deployments
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import load
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, Array, Graph
from snnhw.nn import build
from snnhw.passes.decompose_graded import decompose_graded
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.passes.inhibited_channels import inhibited_channels
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.load import LoadedModel, model_of

BATCH = 50
LEVELS, TIMESTEPS = 4, 2
PROFILES = ("horowitz45-int8", "loihi2")
FORMS: Mapping[str, Callable[[Graph], Graph]] = {
    "graded": decompose_graded,
    "channels": inhibited_channels,
    "slots": decompose_slots,
}


@dataclass(frozen=True)
class Lesson:
    """A network and its training: so many steps on batches of images of so many pixels."""

    model: str
    arguments: Mapping[str, object]
    steps: int
    pixels: int


LESSONS: Mapping[str, Lesson] = {
    "digits": Lesson("digits_ds_resnet8", {}, 600, 8),
    "cifar10": Lesson("ds_resnet8", {"widths": (16, 32, 64)}, 400, 16),
}


@dataclass
class Compared:
    """Integers of the deployments against those of the module, summed over batches."""

    samples: int = 0
    integers: int = 0  # of all neurons, steps and samples
    spikes: int = 0
    right: int = 0
    differing: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FORMS, 0))
    logits: dict[str, float] = field(default_factory=lambda: dict.fromkeys(FORMS, 0.0))  # largest difference


def trained(name: str, data: str | None) -> LoadedModel:
    """A network of `LESSONS` with D = 4 and T = 2, trained."""
    lesson, train = LESSONS[name], load(name, "train", data)
    torch.manual_seed(1)
    network = build(lesson.model, neuron="ilif", levels=LEVELS, timesteps=TIMESTEPS, **lesson.arguments)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=lesson.steps)
    labels, generator = torch.as_tensor(train.targets), torch.Generator().manual_seed(1)
    for _ in range(lesson.steps):
        chosen = torch.randint(len(labels), (64,), generator=generator)
        x = F.adaptive_avg_pool2d(torch.as_tensor(train.values[chosen.numpy()]), lesson.pixels)
        optimiser.zero_grad()
        F.cross_entropy(network(x), labels[chosen]).backward()
        optimiser.step()
        schedule.step()
    return model_of(network.eval(), train.values.shape[1:], name=name)


def compare(model: LoadedModel, test: Samples, batch: int = BATCH) -> tuple[Compared, NetworkCounts]:
    """The module against every deployment on all of `test`, and the counts of the network."""
    found, total = Compared(), None
    graph = model.graph
    forms = {name: form(graph) for name, form in FORMS.items()}
    if model.network is None or model.traced is None or test.targets is None:
        raise InputError(f"Model {model.name!r} has no torch module, or the samples no labels; give both.")
    paths = {unit.name: graph.modules[unit.name] for unit in model.traced.of_type(ILIF)}
    for start in range(0, len(test.values), batch):
        inputs = test.values[start : start + batch]
        logits, integers = of_module(model.network, paths, inputs)
        found.samples += len(inputs)
        found.integers += sum(sent.size for sent in integers.values())
        found.spikes += sum(int(sent.sum()) for sent in integers.values())
        found.right += int((logits.argmax(axis=1) == test.targets[start : start + batch]).sum())
        for name, form in forms.items():
            record = simulate(form, inputs, raster=True, execution=DOUBLE)
            for unit, sent in integers.items():
                found.differing[name] += int((sent_by(record, unit, graph.timesteps) != sent).sum())
            apart = float(np.abs(record.logits - logits).max())
            found.logits[name] = max(found.logits[name], apart)
            if name == "graded":
                counts = count(graph, record)
                total = counts if total is None else total.merge(counts)
    if total is None:
        raise InputError("There are no samples to compare; give some.")
    return found, total


def of_module(network: nn.Module, paths: Mapping[str, str], inputs: Array) -> tuple[Array, dict[str, Array]]:
    """(logits, unit -> integers [N, T, *shape]) that the trained module itself gives, in float64."""
    sent: dict[str, Tensor] = {}

    def kept(unit: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda module, args, given: sent.update({unit: given.to(torch.uint8)})

    hooks = [network.get_submodule(path).register_forward_hook(kept(unit)) for unit, path in paths.items()]
    try:
        with torch.no_grad():
            logits = network.double().eval()(torch.as_tensor(inputs).double()).numpy()
    finally:
        for hook in hooks:
            hook.remove()
    by_sample = {unit: s.reshape(-1, len(inputs), *s.shape[1:]).transpose(0, 1).numpy() for unit, s in sent.items()}
    return logits, by_sample


def sent_by(record: SpikeRecord, unit: str, timesteps: int) -> Array:
    """The integers [N, T, *shape] of a unit; what slots send in a window counts together."""
    raster = record.raster[unit]
    windows = raster.reshape(len(raster), timesteps, -1, *raster.shape[3:])
    sums: Array = windows.sum(axis=2, dtype=np.uint8)
    return sums


def table(found: Compared, graph: Graph, counts: NetworkCounts) -> dict[str, Deployment]:
    """Prints what each deployment costs an inference."""
    profiles = [load_profile(name) for name in PROFILES]
    heads = ("differing", "synops", "updates", "messages", "bits", "steps", "synapse kB", *PROFILES)
    print(f"{'deployment':10} " + " ".join(f"{head:>16}" for head in heads))
    costs = deployments(graph, counts)
    for name, work in costs.items():
        different = f"{found.differing[name]:,}" if name in found.differing else "as graded"
        each = [work.synops, work.updates, work.messages]
        joules = [estimate(counts, profile, deployment=name).per_inference.typical for profile in profiles]
        cells = (
            different,
            *(f"{n / counts.samples:,.0f}" for n in each),
            str(work.payload_bits),
            str(work.steps),
            f"{work.synapse_bits / 8e3:,.0f}",
            *(f"{energy * 1e6:.3g} uJ" for energy in joules),
        )
        print(f"{name:10} " + " ".join(f"{cell:>16}" for cell in cells))
    return costs


def measure(name: str, data: str | None, images: int | None) -> str:
    """One network: its table, and its part of the last line."""
    start = time.perf_counter()
    model = trained(name, data)
    taught = time.perf_counter() - start
    found, counts = compare(model, load(name, "test", data).take(slice(images)))
    print(
        f"\n{name}: T = {model.graph.timesteps}, D = {counts.max_levels}, {found.samples:,} test images, "
        f"{found.right / found.samples:.2%} right, {found.spikes:,} unit spikes in {found.integers:,} integers; "
        f"trained in {taught:.0f} s, compared in {time.perf_counter() - start - taught:.0f} s"
    )
    print(", ".join(f"{form}: {n:,} differ" for form, n in found.differing.items()), flush=True)
    costs = table(found, model.graph, counts)
    print(f"largest difference of logits: {max(found.logits.values()):.1e}", flush=True)
    beside = ", ".join(f"{key} {work.synops / costs['channels'].synops:.2f}" for key, work in costs.items())
    return f"{name}: {sum(found.differing.values())} of {3 * found.integers:,} integers differ, synops {beside}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=LESSONS, default=list(LESSONS), help="default: all")
    parser.add_argument("--data", default=None, help="folder with the data sets (default: SNNHW_DATA)")
    parser.add_argument("--images", type=int, default=None, help="of the test set (default: all)")
    given = parser.parse_args()
    torch.set_num_threads(2)
    lines = []
    for name in given.networks:
        try:
            lines.append(measure(name, given.data, given.images))
        except InputError as error:
            print(f"{name} left out: {error}", flush=True)
    print("\n" + "; ".join(lines))


if __name__ == "__main__":
    main()
