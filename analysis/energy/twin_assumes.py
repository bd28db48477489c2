"""What is said of an ANN twin: what it computes and how often, what its price covers, what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from snnhw.analysis.counting import twin_passes
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.twin_passes import TwinKind
from snnhw.analysis.hardware.scopes import OF_THIS_MACHINE

ARITHMETIC, MEMORY, MOVEMENT, PROCESSOR = "arithmetic", "memory", "movement", "processor"
MACHINE = tuple(scope + end for scope in OF_THIS_MACHINE for end in ("_dynamic", ""))  # measured beside the network
BARE_KEYS = (ARITHMETIC, PROCESSOR, *MACHINE)  # one price is all there is: the key of such a twin is its precision
DENSE = "One multiply-accumulate per in-bounds tap and weight, zeros included; no sparsity is used."
PRODUCTS = "Products of two activations, as in attention, are multiplied densely; a softmax is not priced."
COMPUTES: Mapping[TwinKind, str] = {
    twin_passes.STATIC: "one dense pass per inference, since every step shows the same frame",
    twin_passes.SUMMED: "one dense pass per inference, on the sum of all frames of events",
    twin_passes.FRAMES: "a frame-wise ANN, one dense pass for each of {steps} frames",
    twin_passes.RECURRENT: "a recurrent ANN that computes all layers at each of {steps} steps",
    twin_passes.RECURRENT_STATIC: (
        "a recurrent ANN that computes what stands in and behind the loops at each of {steps} steps, the rest once"
    ),
}
REASONS: Mapping[TwinKind, str] = {
    twin_passes.STATIC: "",
    twin_passes.SUMMED: (
        "The events of the input are summed over the time steps into one frame, which the twin computes once per "
        "inference; a twin that computes every step costs as many times more."
    ),
    twin_passes.FRAMES: (
        "The data have an axis of {steps} time steps, so the twin computes {steps} frames, the read-out with each of "
        "them; data of one frame that is repeated have no such axis, and a twin that computes once."
    ),
    twin_passes.RECURRENT: (
        "The network has loops and the data an axis of {steps} time steps, so the twin is recurrent and computes every "
        "layer at each step, recurrent weights and read-out included."
    ),
    twin_passes.RECURRENT_STATIC: (
        "The network has loops, so the twin is recurrent and computes what stands in and behind them at each of "
        "{steps} steps, recurrent weights and read-out included; layers before the loops see the same frame at every "
        "step and are computed once."
    ),
}
SCOPE_ASSUMES = {
    ARITHMETIC: (),
    MEMORY: (
        "Inputs and weights are read for every multiply-accumulate, as Lemaire et al. 2022 count them; low: every word "
        "is read once. Outputs are written once.",
    ),
    MOVEMENT: ("Every activation travels once to each layer that reads it, as a dense word without an address.",),
    PROCESSOR: ("The price of an operation holds everything that a busy processor draws for it, memory included.",),
    **dict.fromkeys(MACHINE, ("The twin ran on the same machine as the network, measured by the same counter.",)),
}
LEFT_OUT = ("activation functions, pools and residual additions", "control", "static power")
OUTSIDE = {
    "package": ("memory modules, power supply and all else outside the processor package",),
    "gpu_board": ("processor and memory of the host", "copying samples to the GPU"),
}
SCOPE_EXCLUDES = {
    ARITHMETIC: ("memory", *LEFT_OUT),
    MEMORY: ("routing", *LEFT_OUT),
    MOVEMENT: ("memory reads of the weights", *LEFT_OUT),
    PROCESSOR: (LEFT_OUT[0], "host", "idle power"),
    **{scope: OUTSIDE[scope.removesuffix("_dynamic")] for scope in MACHINE},
}


def covers(scope: str) -> str:
    """What the price of a twin holds, in words: "arithmetic alone", "with memory", "all-in per operation"."""
    measured = dict.fromkeys(MACHINE, "measured")
    return {ARITHMETIC: "arithmetic alone", PROCESSOR: "all-in per operation", **measured}.get(scope, f"with {scope}")


def computes(counts: NetworkCounts) -> str:
    """What the twin of a counted network computes in one inference, as part of a sentence."""
    return COMPUTES[counts.twin].format(steps=counts.timesteps)


def assumed(counts: NetworkCounts, scope: str) -> tuple[str, ...]:
    """Sentences on the passes of the twin, and on what its price in `scope` covers."""
    reason = REASONS[counts.twin].format(steps=counts.timesteps)
    products = (PRODUCTS,) if any(layer.kind == "product" for layer in counts.layers) else ()
    return (*((reason,) if reason else ()), *products, *SCOPE_ASSUMES[scope])
