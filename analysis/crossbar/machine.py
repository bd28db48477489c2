"""Time and area of a network on crossbars: reads one after the other within a tile, tiles of a layer together.

Takes a mapping and a profile; gives seconds per inference of each layer and square metres of all tiles with their
converters, drivers, buffers and neurons. Wires, control and input and output are in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.crossbar.coding import Coding
from snnhw.analysis.crossbar.costs import converter_area
from snnhw.analysis.crossbar.digital import states_of
from snnhw.analysis.crossbar.mapping import CrossbarMapping, LayerMapping, spans
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.graph.ir import Delay, Graph

ASSUMES = ("Columns that are not in use are neither converted nor waited for; a converter takes those in use in turn.",)
TIMED = ("read_time", "adc_time")


@dataclass(frozen=True)
class Machine:
    """What a network takes of time and area; of a profile without times or areas, nothing."""

    seconds: Mapping[str, Range]  # per inference, by layer, every read done
    areas: Mapping[str, Range]  # m2, by part

    @property
    def one_by_one(self) -> Range:
        """Seconds per inference where each layer waits for the one before."""
        return Range.total(self.seconds.values())

    @property
    def pipelined(self) -> Range:
        """Seconds between two inferences where all layers work at once: those of the slowest."""
        slowest = Range.exact(0)
        for seconds in self.seconds.values():
            slowest = slowest.longest(seconds)
        return slowest

    @property
    def area(self) -> Range:
        """m2 of everything that is counted."""
        return Range.total(self.areas.values())

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON, in seconds and square metres."""
        return {
            "seconds_one_by_one": self.one_by_one.to_dict(),
            "seconds_pipelined": self.pipelined.to_dict(),
            "seconds_by_layer": {name: seconds.to_dict() for name, seconds in self.seconds.items()},
            "area_m2": self.area.to_dict(),
            "area_m2_by_part": {part: area.to_dict() for part, area in self.areas.items()},
        }


def machine_of(mapping: CrossbarMapping, costs: Profile) -> Machine:
    """Time and area of the network itself.

    Raises:
        InputError: the profile has no times or no areas.
    """
    for name in (*TIMED, "device_area", "adc_area", "driver_area", "shift_add_area", "buffer_bit_area", "neuron_area"):
        if name not in costs:
            raise InputError(f"The profile {costs.name!r} has no {name!r}; add [constants.{name}].")
    steps = mapping.graph.timesteps
    seconds = {layer.name: layer_seconds(layer, layer.coding, lambda name: steps, costs) for layer in mapping.layers}
    return Machine(seconds, _areas(mapping, costs))


def cycle(columns_per_adc: int, longest_pulse: int, costs: Profile) -> Range:
    """Seconds of one read: those of its pulses, or of the columns that share a converter, whichever are more."""
    pulses = costs["read_time"].range.scaled(longest_pulse)
    return pulses.longest(costs["adc_time"].range.scaled(columns_per_adc))


def layer_seconds(layer: LayerMapping, coding: Coding, passes: Callable[[str], int], costs: Profile) -> Range:
    """Seconds per inference of one layer, which is computed `passes` times."""
    groups = len(spans(layer.rows_of_a_tile, layer.crossbar.rows_at_once))
    reads = layer.matrix.positions * coding.reads * groups * passes(layer.name)
    columns = max(layer.slicing.columns_of(b - a) for a, b in layer.output_spans)  # in use, of the fullest tile
    return cycle(min(layer.crossbar.columns_per_adc, columns), coding.largest, costs).scaled(reads)


def _width(graph: Graph, delay: Delay) -> int:
    """Bits of what a delay holds of each of its values and steps."""
    return graph.arriving(delay.name).levels.bit_length()


def _areas(mapping: CrossbarMapping, costs: Profile) -> dict[str, Range]:
    crossbar, graph = mapping.crossbar, mapping.graph
    converters = {
        layer.name: layer.tiles * -(-crossbar.columns // crossbar.columns_per_adc) for layer in mapping.layers
    }
    kept = sum(
        graph.nodes[edges[0].source].size * layer.coding.width
        for layer in mapping.layers
        if (edges := graph.into(layer.name))
    )
    kept += sum(int(np.max(delay.steps)) * delay.size * _width(graph, delay) for delay in graph.of_type(Delay))
    states = sum(unit[0].size * states_of(unit) for unit in graph.units().values())
    return {
        "devices": costs["device_area"].range.scaled(mapping.tiles * crossbar.rows * crossbar.columns),
        "converters": Range.total(
            converter_area(costs, layer.adc_bits).scaled(converters[layer.name]) for layer in mapping.layers
        ),
        "drivers": costs["driver_area"].range.scaled(mapping.tiles * crossbar.rows),
        "shift_add": costs["shift_add_area"].range.scaled(sum(converters.values())),
        "buffers": costs["buffer_bit_area"].range.scaled(kept),
        "neurons": costs["neuron_area"].range.scaled(states),
    }
