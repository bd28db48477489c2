"""Accuracy of an integer network on chips whose devices are drawn, along the axes of a `DevicePlan`.

Takes the graph in Loihi integers and labelled samples; gives `Point`s. Where converters lose nothing a read is linear,
and a chip is the network with the weights that its devices hold; where they have few bits, every tile is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.array import Crossbar
from snnhw.analysis.crossbar.devices.adc_range import Sums
from snnhw.analysis.crossbar.devices.chips import Conditions, draw_chip
from snnhw.analysis.crossbar.devices.reads import converted_reads, device_read, noise_in_steps, noisy_reads
from snnhw.analysis.crossbar.devices.weights import held_network
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.network import TOGETHER
from snnhw.analysis.crossbar.tiles import LayerTiles, programmed
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.progress import Progress
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import SINGLE, Execution
from snnhw.simulation.recurrent import is_recurrent
from snnhw.studies.device_plan import DevicePlan
from snnhw.studies.device_result import Point

ORDER = 20260101  # seed of the order in which samples are given to chips
CALIBRATION = 8  # samples that choose the steps of converters


@dataclass(frozen=True)
class _Chips:
    """A network on one kind of crossbar, and the samples of each chip."""

    graph: Graph
    layers: Mapping[str, LayerTiles]
    data: Samples
    blocks: tuple[Array, ...]  # indices into `data`, by seed
    adc: Mapping[str, Converter]  # of the layers, where the crossbar's file fixes their bits; none: ideal


def device_curves(
    graph: Graph, data: Samples, plan: DevicePlan, calibration: Array, progress: Progress | None = None
) -> Iterator[Point]:
    """The points of `plan`, one axis after the other.

    Args:
        graph: in Loihi integers.
        data: labelled, at least `plan.needed`; no two chips are judged by the same, and all points by the same.
        plan: what is varied.
        calibration: samples [N, ...] of which the first choose the steps of converters.
        progress: called with "points", those finished and all of them.

    Raises:
        InputError: there are too few samples, they have no labels, or the network does not fit the crossbar.
    """
    labels = data.labels()
    if len(data) < plan.needed:
        raise InputError(
            f"{plan.seeds} chips with samples of their own take {plan.needed} and {data.name} has {len(data)}; give "
            "fewer --seeds or --samples."
        )
    order = np.random.default_rng(ORDER).permutation(len(data))
    whole = simulate(graph, data.values[order[: plan.needed]]).hits(labels[order[: plan.needed]])
    total = sum(len(plan.values(axis)) for axis in ("spread", "device_bits", "adc_bits", "wire_ohm"))
    finished = 0

    def chips(crossbar: Crossbar, axis: str) -> _Chips:
        mapping, samples = map_crossbars(graph, crossbar), plan.samples_of(axis)
        blocks = tuple(order[seed * samples : (seed + 1) * samples] for seed in range(plan.seeds))
        on = _Chips(mapping.graph, programmed(mapping), data, blocks, {})
        if axis == "adc_bits" or crossbar.adc_bits is None:
            return on
        return replace(on, adc=_sums(on, calibration[:CALIBRATION]).converters(crossbar.adc_bits))

    def point(axis: str, value: float, on: _Chips, conditions: Conditions) -> Point:
        nonlocal finished
        samples = len(on.blocks[0])
        correct = tuple(_correct(on, conditions, seed) for seed in range(plan.seeds))
        ideal = tuple(int(whole[seed * samples : (seed + 1) * samples].sum()) for seed in range(plan.seeds))
        finished += 1
        if progress:
            progress("points", finished, total)
        return Point(axis, value, samples, correct, ideal)

    if progress:
        progress("points", 0, total)
    base = chips(plan.crossbar, "spread" if plan.others else "adc_bits")
    for spread in plan.spread:
        device = plan.device.spread_to(spread, proportional=plan.proportional)
        yield point("spread", spread, base, replace(plan.conditions, device=device))
    for bits in plan.device_bits:
        on = chips(plan.crossbar.having(device_bits=int(bits)), "device_bits")
        yield point("device_bits", bits, on, plan.conditions)
    for ohm in plan.wire_ohm:
        device = replace(plan.device, wire_ohm=ohm)
        yield point("wire_ohm", ohm, base, replace(plan.conditions, device=device))
    if plan.adc_bits:
        few = chips(plan.crossbar, "adc_bits")
        sums = _sums(few, calibration[:CALIBRATION])
        for bits in plan.adc_bits:
            yield point("adc_bits", bits, replace(few, adc=sums.converters(int(bits))), plan.conditions)


def _correct(on: _Chips, conditions: Conditions, seed: int) -> int:
    """How many of its samples the chip of `seed` classifies rightly."""
    devices = draw_chip(on.layers, conditions, seed)
    device, graph, execution = conditions.device, on.graph, SINGLE
    generator = torch.Generator().manual_seed(seed + 1_000_003)  # of reads, so that chips do not depend on them
    if on.adc:
        bits = next(iter(on.layers.values())).mapping.slicing.device_bits
        read = device_read(devices, noise_in_steps(device, bits), generator)
        compute = converted_reads(on.layers, read, on.adc, _steps_at_once(graph))
        execution = Execution(batch_size=TOGETHER, synapses=compute)
    elif device.read_noise:
        execution = Execution(synapses=noisy_reads(on.layers, devices, device, generator, _steps_at_once(graph)))
    else:
        graph = held_network(graph, on.layers, devices)
    some = on.blocks[seed]
    return simulate(graph, on.data.values[some], execution=execution).correct(on.data.labels()[some])


def _steps_at_once(graph: Graph) -> int:
    """Steps that a layer is given together: one of a network with loops, else all of them."""
    return 1 if is_recurrent(graph) else graph.timesteps


def _sums(on: _Chips, calibration: Array) -> Sums:
    sums = Sums.of(on.layers)
    exact = {name: Converter(layer.mapping.lossless_bits) for name, layer in on.layers.items()}
    compute = converted_reads(on.layers, sums.read(), exact, _steps_at_once(on.graph))
    simulate(on.graph, calibration, execution=Execution(batch_size=TOGETHER, synapses=compute))
    return sums
