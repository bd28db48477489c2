"""Who wrote a file, by the traces that exporters leave in it; a finding, never a choice of ours.

NIR has no field for it, and frameworks step the same neuron in different ways (`snnhw.nir.frameworks`). Traces: names
of nodes, r = 1/dt or tau/dt, float64 where torch has float32, time constants in steps, a missing v_reset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from snnhw.graph.assumptions import WRITER_RECOGNISED, WRITER_UNKNOWN
from snnhw.graph.ir import Array
from snnhw.nir.file import RawNode
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import FlatGraph
from snnhw.nir.read.time_step import DEFAULT_DT, ROUNDED, TIME_CONSTANTS, numbers_of, steps_in_r

SPIKING = ("LIF", "CubaLIF", "IF")
OF_ROCKPOOL = re.compile(r"\d+_\w+Torch")  # 1_LIFTorch


def say_writer(flat: FlatGraph, context: Context) -> None:
    """A finding: who wrote the file and what that changes, or what frameworks differ in where nothing tells."""
    if not any(node.type in SPIKING for node in flat.nodes.values()):
        return
    name, trace = recognised(flat)
    context.writer = name
    others = ", ".join(known for known in CONVENTIONS if known != DEFAULT_CONVENTION)
    if name:
        differs = "; ".join(CONVENTIONS[name].differences)
        context.find(
            WRITER_RECOGNISED,
            "warning",
            "",
            f"{trace}, as in files of {name}, whose neurons step otherwise than by the equations of NIR, by which the "
            f"file is read: {differs}",
            f"give --written-by {name}, or nir where it is not from there",
        )
        return
    context.find(
        WRITER_UNKNOWN,
        "warning",
        "",
        "nothing in the file says who wrote it; it is read by the equations of NIR: fires above the threshold, resets "
        "as the file says, decays by 1 - dt/tau. Some frameworks fire at the threshold too, subtract it, or decay by "
        "exp(-dt/tau)",
        f"give --written-by {others}, or nir for the equations",
    )


def recognised(flat: FlatGraph) -> tuple[str, str]:
    """(framework, trace that tells); two empty strings where nothing does."""
    neurons = {name: node for name, node in flat.nodes.items() if node.type in SPIKING}
    if any(OF_ROCKPOOL.fullmatch(name) for name in flat.nodes):
        return "rockpool", "names of nodes end in Torch"
    r, constants = numbers_of(flat, SPIKING, "r"), numbers_of(flat, SPIKING, *TIME_CONSTANTS)
    resets = [node for node in neurons.values() if "v_reset" in node.fields]
    if r.size and constants.size and (r == 1).all():
        if constants.min() >= 1 and not resets:
            return "sinabs", "time constants count steps, r is 1 and there is no v_reset"
        if constants.max() < DEFAULT_DT and len(resets) == len(neurons):
            return "norse", f"r is 1 and all time constants are below {DEFAULT_DT:g}"
    return _by_resistance(neurons, r)


def _by_resistance(neurons: Mapping[str, RawNode], r: Array) -> tuple[str, str]:
    """Who writes r = 1/dt or tau/dt: SpikingJelly in float64 with any dt, snnTorch with 1e-4 and without IF nodes."""
    steps = np.concatenate([np.zeros(0), *(steps_in_r(node) for node in neurons.values())])
    infinite = int(np.isinf(r).sum())
    if steps.size + infinite < r.size or not r.size:
        return "", ""  # some r says nothing
    wide = all(np.asarray(node.fields.get("r")).dtype == np.float64 for node in neurons.values())
    numbered = any(name[:1].isdigit() for name in neurons)  # modules of a torch Sequential, named by their place
    current_based = any(node.type == "CubaLIF" for node in neurons.values())
    if wide and not numbered and not current_based and not infinite and np.ptp(steps) <= ROUNDED * steps[0]:
        return "spikingjelly", f"r in float64 is 1/dt or tau/dt with dt = {steps[0]:g}"
    leaky = not any(node.type == "IF" for node in neurons.values())
    if leaky and (np.abs(steps / DEFAULT_DT - 1) <= ROUNDED).all():
        return "snntorch", f"r is tau/dt with dt = {DEFAULT_DT:g}"
    return "", ""
