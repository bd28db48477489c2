"""Memory-inclusive energy after Lemaire et al. 2022 (arXiv:2210.13107), in three readings of the same equations.

theta: unit spikes per inference, summed over T. A layer reads its input messages (eq. 5), weights (7, 8) and potentials
(9, 10), writes potentials (14, 15) and output messages (13), accumulates (1.4, 2.4; the extra N_in printed in 2.4 is an
error) and computes addresses (16, 17). An access to a memory of b bits costs E(b); the readings differ in E and in what
their code drops. See `Reading`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from snnhw.analysis.counting.count import input_shape, node_macs
from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.counting.layers import layers, synapse
from snnhw.analysis.hardware.constants import UNITS, Constant
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Graph

WORD_BITS = 32
FIFO_WORDS = 1000
BYTE = 8
KIB = 1024


@dataclass(frozen=True)
class Reading:
    """How one implementation reads the paper."""

    name: str
    straight_line: bool  # E(b) = floor + slope * b per access; else piecewise linear through 0, 8 KB, 32 KB, 1 MB
    width_aware: bool  # a 32-bit word costs half of a 64-bit access
    step_adds_need_bias: bool  # the T * outputs additions only where a layer has a bias
    short_addresses: bool  # addressing drops C_out of a convolution and takes the rate, not the count, of a dense layer
    exact_synops: bool  # in-bounds synops instead of theta * ceil(K/S)^2 * C_out and theta * C_out * K^2


READINGS = {
    reading.name: reading
    for reading in (
        Reading("qualia", True, False, False, True, False),  # qualia-plugin-snn 2.6.0
        Reading("spikingjelly", False, False, True, False, False),  # spikingjelly 2.0.0
        Reading("physical", False, True, False, False, True),  # exact counts, Horowitz's access width
    )
}


@dataclass(frozen=True)
class MemoryLayer:
    """One synapse node and the neurons behind it; spikes and synops per inference."""

    name: str
    kind: Literal["conv", "dense"]
    spikes_in: float
    spikes_out: float
    inputs: int  # neurons that send
    outputs: int  # neurons, all channels and positions
    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    weights: int
    timesteps: int
    leaky: bool = False
    bias: bool = False
    levels: int = 1
    synops: float | None = None  # exact, where known
    macs: float = 0.0  # on analogue values, over all steps


@dataclass(frozen=True)
class MemoryEnergy:
    """J per inference by what it is spent on."""

    reading: str
    operations: float
    addressing: float
    messages: float
    weights: float
    potentials: float

    @property
    def total(self) -> float:
        """J per inference."""
        return self.operations + self.addressing + self.messages + self.weights + self.potentials

    def __add__(self, other: MemoryEnergy) -> MemoryEnergy:
        """Sum over layers."""
        return MemoryEnergy(
            self.reading,
            self.operations + other.operations,
            self.addressing + other.addressing,
            self.messages + other.messages,
            self.weights + other.weights,
            self.potentials + other.potentials,
        )

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "total": self.total}


def memory_energy(network: Iterable[MemoryLayer], profile: Profile, reading: Reading) -> MemoryEnergy:
    """Energy of a spiking network in one reading."""
    total = MemoryEnergy(reading.name, 0.0, 0.0, 0.0, 0.0, 0.0)
    for layer in network:
        total = total + _layer(layer, profile, reading)
    return total


def memory_layers(graph: Graph, counts: NetworkCounts) -> tuple[MemoryLayer, ...]:
    """The network as the model sees it, one entry per synapse node; all per inference.

    Where several synapse nodes feed one population, the first carries its membranes and output spikes; a population
    that reads nothing but sums of earlier ones is an entry without weights.

    Raises:
        InputError: the network has products of two values.
    """
    found = []
    for row, counted in zip(layers(graph), counts.layers, strict=True):
        if row.kind == "product":
            raise InputError(f"{row.name!r} multiplies two values, which Lemaire et al. do not price; leave it out.")
        if row.synapses and not row.owns:
            found.append(_membranes_alone(graph, counted, counts))
        for i, name in enumerate(row.owns):
            node, edges = synapse(graph, name), [e for e in counted.edges if e.synapse == name and not e.summed]
            conv = isinstance(node, Conv2d)
            size = 1
            for length in input_shape(graph, name):
                size *= length
            found.append(
                MemoryLayer(
                    name=name,
                    kind="conv" if conv else "dense",
                    spikes_in=sum(e.spikes for e in edges) / counts.samples,
                    spikes_out=sum(counted.spikes) / counts.samples if i == 0 else 0.0,
                    inputs=size,
                    outputs=node.size if i == 0 else 0,
                    channels=node.shape[0],
                    kernel=(node.weight.shape[2], node.weight.shape[3]) if conv else (1, 1),
                    stride=node.stride if isinstance(node, Conv2d) else (1, 1),
                    weights=node.weight.size,
                    timesteps=counts.timesteps,
                    leaky=_leaks(graph, row.name),
                    bias=node.bias is not None,
                    levels=row.membranes,
                    synops=sum(e.unit_synops for e in edges) / counts.samples,
                    macs=float(counts.timesteps * node_macs(graph, name)) if name in row.analog else 0.0,
                )
            )
    return tuple(found)


def _membranes_alone(graph: Graph, row: LayerCounts, counts: NetworkCounts) -> MemoryLayer:
    return MemoryLayer(
        name=row.name,
        kind="dense",
        spikes_in=0.0,
        spikes_out=sum(row.spikes) / counts.samples,
        inputs=row.neurons,
        outputs=row.neurons,
        channels=row.shape[0],
        kernel=(1, 1),
        stride=(1, 1),
        weights=0,
        timesteps=counts.timesteps,
        leaky=_leaks(graph, row.name),
        levels=row.membranes,
        synops=0.0,
    )


def _leaks(graph: Graph, unit: str) -> bool:
    return any(neuron.leaks for neuron in graph.units().get(unit, ()))


def access_constant(words: int, profile: Profile, what: str, word_bits: int = WORD_BITS) -> Constant:
    """The access energy of a memory of `words` words as a constant with its range.

    low: a line from zero to 8 KB; typical: nothing below 8 KB is published, so smaller memories cost as much as that;
    high: where the profile has it, the straight line with its floor of 13 pJ, whatever the width of the access.
    """
    bits = words * word_bits
    physical = READINGS["physical"]
    low = access_energy(bits, profile, physical, word_bits)
    typical = access_energy(max(bits, 8 * KIB * BYTE), profile, physical, word_bits)
    line = "ram_floor" in profile
    high = max(typical, access_energy(bits, profile, READINGS["qualia"])) if line else typical
    anchor = profile["sram_8k"]
    return replace(
        anchor,
        name=f"access to {words} words of {what}",
        range=Range(low, typical, high),
        printed=typical / UNITS[anchor.unit][0],
        table=f"SRAM 8 KB, 32 KB, 1 MB per {anchor.access_bits}-bit access, interpolated; {word_bits} bits of it",
        kind="fitted",
        confidence="low",
        spread="low: line through zero; typical: at least 8 KB"
        + ("; high: straight line of qualia-plugin-snn 2.6.0" if line else ""),
        follows="SRAM curve",
    )


def _layer(layer: MemoryLayer, profile: Profile, reading: Reading) -> MemoryEnergy:
    add, multiply = profile["add"].typical, profile["multiply"].typical
    mac = add + multiply
    spikes, per_step = layer.spikes_in, layer.timesteps * layer.outputs
    taps = layer.kernel[0] * layer.kernel[1]
    if layer.kind == "conv":
        strided = -(-layer.kernel[0] // layer.stride[0]) * -(-layer.kernel[1] // layer.stride[1])
        accumulations, touched = spikes * strided * layer.channels, spikes * taps * layer.channels
    else:
        accumulations = touched = spikes * layer.channels
    if reading.exact_synops and layer.synops is not None:
        accumulations = touched = layer.synops
    step_adds = per_step if layer.bias or not reading.step_adds_need_bias else 0
    leaks = per_step * layer.levels if layer.leaky else 0

    addresses = touched
    if reading.short_addresses:
        addresses = spikes * taps if layer.kind == "conv" else spikes / layer.inputs * layer.channels
    starts = 2 * spikes * mac if layer.kind == "conv" else 0.0

    weight_access = access_energy(layer.weights * WORD_BITS, profile, reading)
    message_access = access_energy(FIFO_WORDS * WORD_BITS, profile, reading)
    potential_access = access_energy(layer.outputs * layer.levels * WORD_BITS, profile, reading)
    return MemoryEnergy(
        reading.name,
        operations=add * (accumulations + step_adds + layer.spikes_out) + mac * (leaks + layer.macs),
        addressing=starts + add * addresses,
        messages=message_access * (spikes + layer.spikes_out + layer.macs),
        weights=weight_access * (touched + layer.macs + (per_step if layer.bias else 0)),
        potentials=potential_access * 2 * (touched + per_step * layer.levels),
    )


def access_energy(bits: float, profile: Profile, reading: Reading, word_bits: int = WORD_BITS) -> float:
    """J per access to one word of `word_bits` in a memory of `bits` bits."""
    if reading.straight_line:
        return profile["ram_floor"].typical + profile["ram_slope"].typical * bits
    points = [(0.0, 0.0)]
    points += [
        (kib * KIB, profile[name].typical) for kib, name in ((8, "sram_8k"), (32, "sram_32k"), (1024, "sram_1m"))
    ]
    size = min(bits / BYTE, points[-1][0])
    share = word_bits / (profile["sram_8k"].access_bits or word_bits) if reading.width_aware else 1.0
    for (x0, y0), (x1, y1) in pairwise(points):
        if size <= x1:
            return share * (y0 + (y1 - y0) * (size - x0) / (x1 - x0))
    raise AssertionError("unreachable: the size is clamped to the last point")
