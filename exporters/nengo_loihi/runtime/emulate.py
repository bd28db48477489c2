"""Steps nengo-loihi's emulator through samples and keeps the spikes of every block.

A spike arrives one step after it was sent, so a block counts in the steps from its `first` on, T of them. Before its
first step the host writes its state, and outside of its steps it does not fire. Between samples nothing is under way.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from nengo.exceptions import SimulationError
from nengo_loihi.emulator import interface

from .build import Built
from .circuit import Array, Circuit

UNITS_PER_WEIGHT = 64


class Emulator(interface.EmulatorInterface):  # type: ignore[misc]
    """An error where a register would wrap, instead of a warning."""

    strict = True


class WrappedError(Exception):
    """A sum left its register, where it would wrap."""


def run(circuit: Circuit, frames: Array, bits: int, progress: Callable[[int], None]) -> dict[str, Array]:
    """Run all samples.

    Args:
        circuit: what to run.
        frames: integers [N, 1 or T, size] that enter.
        bits: of the register in which what synapses send a neuron in a step is added up; nengo-loihi's is 22, and it
            is set for the whole process.
        progress: called with 1 for each sample that is finished.

    Returns:
        For each unit spikes/NAME, uint8 [N, T, bytes], packed; for each read-out read/NAME, int64 [N, T, size], in
        weight units.

    Raises:
        WrappedError: a sum of weights left the register of the emulator.
    """
    built, steps = Built(circuit), circuit.timesteps
    interface.Q_BITS = bits - 1  # without the sign
    emulator = Emulator(built.model, seed=0)
    state, places = emulator.compartment, emulator.block_info.slices
    place = {block.name: places[built.blocks[block.name]] for block in circuit.blocks}
    units = [block for block in circuit.blocks if block.kind == "unit"]
    ends = [block for block in circuit.blocks if block.kind == "readout"]
    starts = {b.name: (built.number(b, "start"), built.number(b, "current_start")) for b in units}
    spikes = {b.name: np.zeros((len(frames), steps, -(-b.size // 8)), np.uint8) for b in units}
    read = {b.name: np.zeros((len(frames), steps, b.size), np.int64) for b in ends}
    for sample, values in enumerate(frames):
        for cleared in (state.input, state.current, state.voltage, state.ref_count, state.spiked):
            cleared[:] = 0
        _enter(circuit, built, np.broadcast_to(values, (steps, values.shape[-1])), emulator.t)
        for now in range(circuit.steps):
            for block in units:
                if now == block.first:
                    state.voltage[place[block.name]], state.current[place[block.name]] = starts[block.name]
            try:
                emulator.step()
            except SimulationError as error:
                raise WrappedError(f"{error}, in sample {sample}") from error
            for block in units:
                fired, t = state.spiked[place[block.name]], now - block.first
                if 0 <= t < steps:
                    spikes[block.name][sample, t] = np.packbits(fired)
                else:
                    fired[:] = False
            for block in ends:
                if 0 <= (t := now - block.first) < steps:
                    read[block.name][sample, t] = state.current[place[block.name]] // UNITS_PER_WEIGHT
        for stream in built.streams.values():
            stream.spikes.clear()
        progress(1)
    return {f"spikes/{name}": value for name, value in spikes.items()} | {
        f"read/{name}": value for name, value in read.items()
    }


def _enter(circuit: Circuit, built: Built, values: Array, begun: int) -> None:
    """The bits of values [T, size] as spikes that arrive in the steps in which they count; the emulator is at `begun`.

    Spikes of a time arrive one step later.
    """
    for stream in circuit.streams:
        for t, row in enumerate(values):
            ones = np.flatnonzero((row.astype(np.int64) >> stream.bit) & 1)
            built.streams[stream.name].add_spikes(begun + stream.first + t, ones)
