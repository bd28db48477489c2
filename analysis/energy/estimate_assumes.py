"""What an estimate rests on and leaves out: the sentences of the profile, and those that the counts call for."""

from __future__ import annotations

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.static import StaticLoad
from snnhw.analysis.hardware.profiles import Profile
from snnhw.graph.weight_width import WIDEST

ATTENTION = (
    "Attention: two spikes that meet are one accumulation, a spike that meets other values one for each of them, two "
    "analogue values a multiply-accumulate; break-even rates scale it linearly, although two spikes meet as often as "
    "both rates say."
)


def assumes(counts: NetworkCounts, profile: Profile, static: StaticLoad | None) -> tuple[str, ...]:
    """Sentences on how these counts are priced; `static` as in `estimate`."""
    found = list(profile.assumes)
    multiplied = [layer for layer in counts.layers if layer.macs]
    if any(layer.kind == "first" for layer in multiplied):
        found.append(
            "The analogue first layer is computed at every step; a static image would allow once per inference."
        )
    for layer in multiplied:
        if layer.takes_events:
            found.append(
                f"{layer.name} takes events of the input, and a layer of it gets analogue sums (behind a norm, or a "
                "layer without neurons), which are multiplied at every step."
            )
    if any(layer.kind != "first" and not layer.takes_events for layer in multiplied):
        found.append("Layers that get analogue sums inside the network are multiplied at every step.")
    if any(layer.takes_events for layer in counts.layers):
        found.append("Events of the input arrive as messages; break-even rates scale them together with the spikes.")
    if any(layer.kind == "product" for layer in counts.layers):
        found.append(ATTENTION)
        if profile.model in ("events", "power"):
            found.append(
                "No chip has products of two populations: their accumulations are priced as synops all the same."
            )
    if counts.total("pool_adds"):
        found.append("Pools between a synapse and its neurons are priced as separate additions.")
    if any(layer.shared for layer in counts.layers):
        found.append(
            "A sum that several populations read is computed once; in the deployment channels it is computed for each."
        )
    if any(layer.shared_membrane for layer in counts.layers):
        found.append(
            "An integer neuron (I-LIF) is one membrane; in the deployment shared it sends several binary spikes in a "
            "step, in channels it is a membrane for each level."
        )
    if counts.total("lateral_spikes"):
        found.append(
            "In the deployment channels, each spike of an integer neuron also inhibits all its levels, one synop each."
        )
    width = max((layer.weight_bits // layer.params for layer in counts.layers if layer.params), default=0)
    if width < WIDEST and width:
        priced = "" if profile.number_bits is None else f", which are those of {profile.number_bits} bits"
        found.append(
            f"Weights have {width} bits; this profile knows no other prices for narrow weights{priced}, so fewer bits "
            "save energy only where they round weights to 0, which are no synapses."
        )
    if static is not None:
        found.append(
            f"Static power of {static.chips} whole chips over {static.steps} steps ({static.mode}), no gating."
        )
    return tuple(found)


def excludes(counts: NetworkCounts, profile: Profile, static: StaticLoad | None) -> tuple[str, ...]:
    """What is not priced."""
    host = counts.total("host_operations") / counts.samples
    left = (f"{host:,.0f} operations per inference of max pools and of norms that a host computes",) if host else ()
    waiting = ("static power",) if "static_chip" in profile and static is None else ()
    return tuple(dict.fromkeys((*profile.excludes, *left, *waiting)))
