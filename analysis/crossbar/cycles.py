"""SpikeSim's model of a convolution on crossbars: a price for each cycle, whatever the spikes are.

A cycle is one output position of one block of `SIZE` input and `SIZE` output channels: k x k crossbars are read, and
SIZE / 8 converters serve 8 columns each behind a multiplexer. Moitra et al., TCAD 2023; compute_energy of their
ela_spikesim.py. Kept beside `pricing.py` as what is published: it knows neither silent lines nor bits of converters.
"""

from __future__ import annotations

from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d

SIZE = 64  # rows and columns of a crossbar
SHARING = 8  # columns behind one converter
SUBTRACTIONS = 16  # for each converter


def cycle_energy(kernel: tuple[int, int], costs: Profile) -> dict[str, Range]:
    """J of one cycle by part, for a kernel of (height, width)."""
    crossbars, converters = kernel[0] * kernel[1], SIZE // SHARING
    counts = {
        "h_tree": 1,
        "fetch": 1,
        "neuron": 1,
        "crossbar_read": SHARING * crossbars,
        "adc_conversion": SHARING * converters,
        "mux": SHARING * converters,
        "subtract": converters * SUBTRACTIONS,
        "temporary_buffer": converters,
        "tile_buffer": 1,
    }
    return {name: costs[name].range.scaled(count) for name, count in counts.items()}


def cycles(node: Conv2d, timesteps: int) -> int:
    """Cycles of one inference.

    Raises:
        InputError: the convolution is grouped, which SpikeSim does not know.
    """
    if node.groups != 1:
        raise InputError(f"SpikeSim's cycles have no grouped convolutions, and {node.name!r} is one; leave it out.")
    outputs, inputs = int(node.weight.shape[0]), int(node.weight.shape[1])
    return -(-outputs // SIZE) * -(-inputs // SIZE) * node.shape[1] * node.shape[2] * timesteps


def dense_energy(node: Conv2d, timesteps: int, costs: Profile) -> Range:
    """J per inference of T steps."""
    kernel = (node.weight.shape[2], node.weight.shape[3])
    return Range.total(cycle_energy(kernel, costs).values()).scaled(cycles(node, timesteps))
