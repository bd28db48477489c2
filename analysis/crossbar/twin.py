"""The ANN twin of a network on the same tiles: the same matrices, activations of several bits, each layer once.

Two twins: one of 8-bit activations, of which nothing but its size is known, so that every read is priced; and the
matched one, with as many bits as tell apart what K levels and T steps do, whose activations are taken to be the spike
counts of this network, so that its silent groups are counted too.
"""

from __future__ import annotations

from snnhw.analysis.crossbar.coding import twin_coding, twin_of_bits
from snnhw.analysis.crossbar.digital import twin_adders_of
from snnhw.analysis.crossbar.mapping import CrossbarMapping
from snnhw.analysis.crossbar.pricing import Accounting, CrossbarEstimate, Driven, price
from snnhw.analysis.crossbar.reads import NetworkReads, all_reads
from snnhw.analysis.hardware.profiles import Profile

TWIN_BITS = 8  # of the activations of the usual twin
ASSUMES = (
    "The twin runs on the tiles of the network, pools folded into the same matrices, with one ReLU for each neuron, "
    "priced as an update.",
    "Its weights are as wide as those of the network.",
)


def int8_twin(mapping: CrossbarMapping, reads: NetworkReads, costs: Profile) -> CrossbarEstimate:
    """The twin of 8-bit activations, every read priced."""
    driven = []
    for layer in mapping.layers:
        coding, times = twin_of_bits(layer.coding, TWIN_BITS), reads.passes.of(layer.name)
        vectors = layer.matrix.positions * layer.matrix.groups * times * reads.samples
        driven.append(Driven(layer, coding, all_reads(layer, vectors, coding)))
    adders = twin_adders_of(mapping.graph, reads.passes.of, TWIN_BITS)
    return price("crossbar ANN, int8", driven, adders, reads.samples, costs, "all")


def matched_twin(
    mapping: CrossbarMapping, reads: NetworkReads, costs: Profile, accounting: Accounting
) -> CrossbarEstimate:
    """The twin that tells apart as many values as the spikes do."""
    steps, driven, widest = mapping.graph.timesteps, [], 1
    for layer in mapping.layers:
        coding = twin_coding(layer.coding, steps // reads.passes.of(layer.name))
        widest = widest if layer.coding.kind == "serial" else max(widest, coding.width)
        driven.append(Driven(layer, coding, reads.twin[layer.name]))
    adders = twin_adders_of(mapping.graph, reads.passes.of, widest)
    return price(f"crossbar ANN, matched, {widest} bits", driven, adders, reads.samples, costs, accounting)
