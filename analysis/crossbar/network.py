"""A mapped integer network run on its crossbars: the engine as it is, with the layers read from tiles.

With ideal devices and converters that lose nothing, its spikes are those of the integer engine, one for one.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.mapping import CrossbarMapping
from snnhw.analysis.crossbar.reading import ReadRows, ideal_read, read_layer
from snnhw.analysis.crossbar.tiles import LayerTiles, programmed
from snnhw.graph.ir import Array, Synapse
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Compute, Execution
from snnhw.simulation.record import SpikeRecord

TOGETHER = 4  # samples that run at once: a window of each output position is laid out on word lines


def on_crossbars(
    mapping: CrossbarMapping, *, read: ReadRows = ideal_read, converter: Callable[[LayerTiles], Converter] | None = None
) -> Compute:
    """What computes the layers of `mapping`, for `Execution.synapses`.

    Args:
        mapping: of an integer graph.
        read: the analogue part of a read.
        converter: of each layer; None: that of the mapping, with the step of a device.

    Raises:
        InputError: the graph is in floats.
    """
    layers = programmed(mapping)

    def compute(node: Synapse, x: Tensor) -> Tensor | None:
        layer = layers.get(node.name)
        if layer is None:  # an identity, which is an adder
            return None
        return read_layer(layer, x, read=read, converter=None if converter is None else converter(layer))

    return compute


def simulate_on_crossbars(
    mapping: CrossbarMapping,
    inputs: Array,
    *,
    raster: bool = False,
    read: ReadRows = ideal_read,
    progress: Callable[[int], None] | None = None,
) -> SpikeRecord:
    """Record of the mapped integer graph on its crossbars.

    Args:
        mapping: of an integer graph.
        inputs: [N, *shape] or [N, T, *shape].
        raster: keep every spike.
        read: the analogue part of a read.
        progress: called with the number of samples finished in each batch.

    Raises:
        InputError: the graph is in floats, or the inputs do not fit it.
    """
    execution = Execution(batch_size=TOGETHER, synapses=on_crossbars(mapping, read=read))
    return simulate(mapping.graph, inputs, raster=raster, execution=execution, progress=progress)
