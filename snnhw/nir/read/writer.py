"""Who wrote a file, by the traces that exporters leave in it; a finding, never a choice of ours.

NIR has no field for it, and frameworks step the same neuron in different ways (`snnhw.nir.conventions`). Traces: names
of nodes, what r holds, float64 where torch has float32, time constants in steps, a missing v_reset.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from snnhw.graph.assumptions import WRITER_RECOGNISED, WRITER_UNKNOWN
from snnhw.nir.file import RawNode
from snnhw.nir.frameworks import CONVENTIONS, DEFAULT_CONVENTION
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import IDENTITY, FlatGraph
from snnhw.nir.read.time_step import DEFAULT_DT, ROUNDED, TIME_CONSTANTS, numbers_of, same_step, steps_in_r

SPIKING = ("LIF", "CubaLIF", "IF")
STATEFUL = (*SPIKING, "LI", "CubaLI", "Threshold")
PORTS = ("Input", "Output", IDENTITY)
OF_ROCKPOOL = re.compile(r"\d+_\w+Torch")  # 1_LIFTorch
OF_SPYX = re.compile(r"layer_\d+(_threshold)?(\.layer_\d+\.(lif|w_rec))?")
OF_TORCH_FX = re.compile(r"_\d+(_\d+)*")  # modules of a torch Sequential, as nirtorch.torch_to_nir calls them
NESTED = re.compile(r".*\.lif")  # a recurrent layer of snnTorch


def say_writer(flat: FlatGraph, context: Context) -> None:
    """A finding: who wrote the file and what that changes, or what frameworks differ in where nothing tells."""
    if not any(node.type in STATEFUL for node in flat.nodes.values()):
        return
    _say_start(flat, context)
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


def _say_start(flat: FlatGraph, context: Context) -> None:
    """A finding where frameworks start membranes elsewhere than at 0, and the file tells where that would be."""
    fields = [key for key in ("v_reset", "v_leak") if numbers_of(flat, STATEFUL, key).any()]
    frameworks = [c.name for c in CONVENTIONS.values() if c.starts_at in fields]
    if frameworks:
        context.find(
            "start-assumed",
            "warning",
            "",
            f"some {' and '.join(fields)} are not 0; NIR does not say where membranes start, which is at 0 here and at "
            f"one of these in {' and '.join(frameworks)}",
            "say who wrote the file with --written-by",
        )


def recognised(flat: FlatGraph) -> tuple[str, str]:
    """(framework, trace that tells); two empty strings where nothing does."""
    for name, rule in RULES.items():
        trace = rule(flat)
        if trace:
            return name, trace
    return "", ""


def _names(flat: FlatGraph, *types: str) -> list[str]:
    """Names of the nodes of some types; of all but the ports without one."""
    return [n for n, node in flat.nodes.items() if (node.type in types if types else node.type not in PORTS)]


def _rockpool(flat: FlatGraph) -> str:
    return "names of nodes end in Torch" if any(OF_ROCKPOOL.fullmatch(name) for name in flat.nodes) else ""


def _spyx(flat: FlatGraph) -> str:
    return "all nodes are called layer_ and a number" if all(OF_SPYX.fullmatch(n) for n in _names(flat)) else ""


def _sinabs(flat: FlatGraph) -> str:
    r, constants = numbers_of(flat, SPIKING, "r"), numbers_of(flat, SPIKING, *TIME_CONSTANTS)
    resets = any("v_reset" in flat.nodes[name].fields for name in _names(flat, *SPIKING))
    told = r.size and constants.size and (r == 1).all() and constants.min() >= 1 and not resets
    return "time constants count steps, r is 1 and there is no v_reset" if told else ""


def _norse(flat: FlatGraph) -> str:
    r, constants = numbers_of(flat, SPIKING, "r"), numbers_of(flat, SPIKING, *TIME_CONSTANTS)
    resets = all("v_reset" in flat.nodes[name].fields for name in _names(flat, *SPIKING))
    told = r.size and constants.size and (r == 1).all() and constants.max() < DEFAULT_DT and resets
    return f"r is 1 and all time constants are below {DEFAULT_DT:g}" if told else ""


def _lava_dl(flat: FlatGraph) -> str:
    named = all(name.isdigit() for name in _names(flat)) and not _names(flat, "LIF", "IF")
    told = named and _wide(flat) and _step_by_resistance(flat) is not None
    return "r and w_in in float64 are tau/dt with dt = 0.0001, and nodes are numbered" if told else ""


def _spikingjelly(flat: FlatGraph) -> str:
    """It has no recurrence; r is 1 where the input decays too, and then only names and float64 tell."""
    neurons = _names(flat, *SPIKING)
    if not _wide(flat) or any(name[:1].isdigit() or NESTED.fullmatch(name) for name in neurons):
        return ""
    steps = [steps_in_r(flat.nodes[name]) for name in neurons]
    step = same_step(np.concatenate([np.zeros(0), *steps]))
    if step is not None and all(s.size for s in steps):
        return f"r in float64 is 1/dt or tau/dt with dt = {step:g}"
    ones = bool((numbers_of(flat, SPIKING, "r") == 1).all())
    fx = all(OF_TORCH_FX.fullmatch(name) for name in _names(flat)) and not _names(flat, "IF")
    return "nodes are called _ and a number, and r in float64 is 1" if ones and fx else ""


def _snntorch(flat: FlatGraph) -> str:
    told = not _names(flat, "IF") and _step_by_resistance(flat) is not None
    return f"r is tau/dt with dt = {DEFAULT_DT:g}" if told else ""


def _wide(flat: FlatGraph) -> bool:
    """Whether all spiking neurons have r in float64, and there is one."""
    kinds = [np.asarray(flat.nodes[name].fields.get("r")).dtype for name in _names(flat, *SPIKING)]
    return bool(kinds) and all(kind == np.float64 for kind in kinds)


def _step_by_resistance(flat: FlatGraph) -> float | None:
    """0.0001 where every r and w_in of spiking neurons is tau over it; both may be infinite together."""
    neurons = [flat.nodes[name] for name in _names(flat, *SPIKING)]
    pairs = [(n, *keys) for n in neurons for keys in (("tau", "r"), ("tau_mem", "r"), ("tau_syn", "w_in"))]
    held = [_holds(node, tau, r) for node, tau, r in pairs if tau in node.fields]
    return DEFAULT_DT if held and all(held) else None


def _holds(node: RawNode, tau: str, r: str) -> bool:
    times, gains = (np.asarray(node.fields.get(key, np.nan)) for key in (tau, r))
    if times.dtype.kind != "f" or gains.dtype.kind != "f" or (times.shape != gains.shape and gains.size != 1):
        return False
    with np.errstate(invalid="ignore", divide="ignore"):  # an r of 0 gives infinity, which is no dt
        finite = np.abs(times / gains / DEFAULT_DT - 1) <= ROUNDED
    return bool((finite | (np.isinf(times) & np.isinf(gains))).all())


RULES: dict[str, Callable[[FlatGraph], str]] = {
    "rockpool": _rockpool,
    "spyx": _spyx,
    "sinabs": _sinabs,
    "norse": _norse,
    "lava-dl": _lava_dl,
    "spikingjelly": _spikingjelly,
    "snntorch": _snntorch,
}
