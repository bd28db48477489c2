"""The loss of Loihi integers against their floats: accuracy, and the spikes of every layer.

Takes the float graph, its quantisation and samples; gives a `QuantisationLoss`. On request each layer is put into
integers alone, which shows where accuracy is lost.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from snnhw.graph.ir import Array, Graph
from snnhw.passes import compile_channels
from snnhw.progress import Progress
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.quantise import Quantised
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord


@dataclass(frozen=True)
class Outputs:
    """Classes that a network gives, against the floats'."""

    accuracy: float | None  # None without labels
    same_class: float | None  # share of samples with the class that the floats give; None where there are no classes


@dataclass(frozen=True)
class LayerLoss:
    """One unit, or the synapse of the read-out."""

    name: str
    spikes: int  # of the floats
    spike_change: float | None  # share by which integers send more; None where the floats send none
    alone: Outputs | None = None  # with this layer alone in integers, on request


@dataclass(frozen=True)
class QuantisationLoss:
    """Accuracy and spikes of floats and integers on `samples` samples."""

    samples: int
    float_accuracy: float | None
    integers: Outputs
    layers: tuple[LayerLoss, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return asdict(self)


def measure_loss(
    graph: Graph,
    quantised: Quantised,
    inputs: Array,
    targets: Array | None = None,
    *,
    each_layer: bool = False,
    progress: Progress | None = None,
) -> QuantisationLoss:
    """Run floats and integers on the same samples.

    Args:
        graph: floats, multi-level or decomposed.
        quantised: its integers.
        inputs: [N, *shape] or [N, T, *shape].
        targets: class of each sample.
        each_layer: also put every layer into integers alone, one more run a layer.
        progress: called with the stage "networks run", the runs finished and all of them.

    Raises:
        InputError: the inputs do not fit the graph.
    """
    channels = compile_channels(graph, input_as=quantised.input_as)
    layers = tuple(quantised.scales)
    runs = 2 + (len(layers) if each_layer else 0)
    finished = 0
    if progress:
        progress("networks run", finished, runs)

    def run(ran: Graph) -> SpikeRecord:
        nonlocal finished
        record = simulate(ran, inputs)
        finished += 1
        if progress:
            progress("networks run", finished, runs)
        return record

    known = quantised.calibrated
    if known is not None and known.of(inputs):
        floats = known.floats
        finished += 1
    else:
        floats = run(channels)
    integers = run(quantised.graph)

    def outputs(record: SpikeRecord) -> Outputs:
        row = record.logits.ndim == 2
        same = float((record.logits.argmax(axis=1) == floats.logits.argmax(axis=1)).mean()) if row else None
        return Outputs(None if targets is None else record.accuracy(targets), same)

    losses = []
    for layer in layers:
        alone = outputs(run(dequantise(channels, quantised, [layer]))) if each_layer else None
        before = int(floats.units[layer].spikes.sum()) if layer in floats.units else 0
        change = int(integers.units[layer].spikes.sum()) / before - 1 if before else None
        losses.append(LayerLoss(layer, before, change, alone))
    accuracy = None if targets is None else floats.accuracy(targets)
    return QuantisationLoss(len(inputs), accuracy, outputs(integers), tuple(losses))
