"""The time step of a file, and whether r of its integrators needs one.

NIR is continuous and holds no time step; what it holds are time constants, delays and resistances.
"""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.nir.conventions import StepInR
from snnhw.nir.file import RawNode
from snnhw.nir.metadata import Metadata
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import FlatGraph

DEFAULT_DT = 1e-4  # seconds; what snnTorch, SpikingJelly and the Lava script of the NIR paper assume
TIMED = ("LIF", "LI", "CubaLIF", "CubaLI", "Delay")
INTEGRATORS = ("IF", "I")  # timed too, unless r is the gain of a step
TIME_CONSTANTS = ("tau", "tau_mem", "tau_syn")
ROUNDED = 1e-5  # relative difference of equal time steps, in files of float32
SINGLE = 1e-6  # what two roundings to float32 leave open


def time_step(flat: FlatGraph, dt: float | None, meta: Metadata | None, context: Context) -> float:
    """dt in seconds: what the user says, else the metadata, else the framework, else the usual one with a finding.

    Raises:
        InputError: the user's is not a positive number.
    """
    if dt is not None and not (np.isfinite(dt) and dt > 0):
        raise InputError(f"The time step is {dt}; give a positive number of seconds with --dt.")
    if meta is not None:
        return meta.dt if dt is None else dt
    framework, source = _of_framework(flat, context)
    if dt is not None:
        if framework is not None and abs(dt / framework - 1) > ROUNDED:
            context.find(
                "dt-overridden",
                "warning",
                "",
                f"the time step {dt:g} is taken as asked for, not {framework:g}, {source}",
                "leave out --dt to take that one",
            )
        return dt
    if framework is not None:
        if context.convention.step_in_r and framework != context.convention.dt:
            context.find("dt-from-r", "info", "", f"the time step is {framework:g}, {source}", "none needed")
        return framework
    timed = TIMED if context.gain_per_step else TIMED + INTEGRATORS
    if any(node.type in timed for node in flat.nodes.values()):
        context.dt_assumed = True
        context.find(
            "dt-assumed",
            "warning",
            "",
            f"the file has time constants but no time step; {DEFAULT_DT:g} s is taken{_step_by_integrators(flat)}",
            "give the step of the framework that trained it with --dt",
        )
    return DEFAULT_DT


def gain_per_step(flat: FlatGraph, meta: Metadata | None, context: Context) -> bool:
    """Whether r = 1 is the gain of a step: so do most exporters mean it, and then r is 1 in the whole file.

    Where other values stand beside it, the exporter did write r by the equation.
    """
    r = numbers_of(flat, INTEGRATORS, "r")
    if meta is None and not context.written_by and (r == 1).any() and (r != 1).any():
        context.find(
            "gain-by-equation",
            "warning",
            "",
            "r is 1 in some integrators and another number in others, so it is taken by the equation in all of them: "
            "the gain of a step is r dt",
            "name the framework with --written-by, or write r = 1/dt where the gain of a step is 1",
        )
    return bool(r.size) and bool((r == 1).all())


def steps_in_r(node: RawNode, rule: StepInR = "tau/dt") -> Array:
    """dt of every neuron by what r holds; none where r is 1 or no finite number, or the rule says nothing of it.

    "tau/dt": also 1/dt of an integrator. "tau exp(-dt/tau)/dt": y = dt/tau solves y exp(y) = 1/r (Lambert's W).
    """
    if node.type not in ("LIF", "LI", "CubaLIF", "CubaLI", *INTEGRATORS) or not rule:
        return np.zeros(0)
    if rule != "tau/dt" and node.type in INTEGRATORS:
        return np.zeros(0)
    keys = [key for key in ("tau", "tau_mem") if key in node.fields]
    r, tau = _numbers(node, "r"), _numbers(node, keys[0]) if keys else np.ones(1)
    if r.size != tau.size and 1 not in (r.size, tau.size):
        return np.zeros(0)  # the parser says so
    r, tau = np.broadcast_arrays(r, tau)
    telling = (r > 0) & (r != 1) & np.isfinite(r) & np.isfinite(tau)
    return np.asarray(tau[telling] * _shares(r[telling], rule))


def _shares(r: Array, rule: StepInR) -> Array:
    """dt/tau by what r holds."""
    if rule == "1 - dt/tau":
        return np.asarray(1 - r)
    return lambert(1 / r) if rule == "tau exp(-dt/tau)/dt" else np.asarray(1 / r)


def lambert(x: Array) -> Array:
    """y with y exp(y) = x, for x > 0: Newton's method from above, where the function is convex (Lambert's W)."""
    y = np.log1p(x)
    for _ in range(20):
        y = y - (y - x * np.exp(-y)) / (1 + y)
    return np.asarray(y)


def same_step(steps: Array) -> float | None:
    """The step that all neurons say, with the few digits of a step that was typed where rounding leaves them open."""
    if steps.size == 0 or (steps <= 0).any() or np.ptp(steps) > ROUNDED * steps[0]:
        return None
    step = float(np.median(steps))
    short = float(f"{step:.4g}")
    return short if abs(short / step - 1) < SINGLE else step


def numbers_of(flat: FlatGraph, types: tuple[str, ...], *keys: str) -> Array:
    """The numbers of some fields of all nodes of some types, in one row; what is not numeric the parser refuses."""
    nodes = [node for node in flat.nodes.values() if node.type in types]
    return np.concatenate([np.zeros(0), *(_numbers(node, key) for node in nodes for key in keys)])


def _of_framework(flat: FlatGraph, context: Context) -> tuple[float | None, str]:
    """(dt by the rule of the framework that wrote the file, where it is from); None where the rule does not hold."""
    convention = context.convention
    steps = np.concatenate([steps_in_r(node, convention.step_in_r) for node in flat.nodes.values()] or [np.zeros(0)])
    if steps.size:
        return same_step(steps), f"which {convention.name} writes into r"
    if convention.dt is not None:
        constants = numbers_of(flat, TIMED, *TIME_CONSTANTS)
        holds = bool((constants[np.isfinite(constants)] < convention.dt_below).all())
        return (convention.dt if holds else None), f"the step of {convention.name}"
    return None, ""


def _step_by_integrators(flat: FlatGraph) -> str:
    """What r of integrators tells about the step, as the end of a sentence: some exporters write r = 1/dt."""
    r = numbers_of(flat, INTEGRATORS, "r")
    if r.size == 0 or r[0] <= 0 or (r != r[0]).any() or abs(float(r[0]) * DEFAULT_DT - 1) < 1e-6:
        return ""
    return f"; all integrators have r = {r[0]:g}, which is 1/dt of {1 / r[0]:g} s in files of SpikingJelly"


def _numbers(node: RawNode, key: str) -> Array:
    """A field in one row of float64; nothing where it is missing or not numeric, which the parser refuses."""
    value = np.asarray(node.fields.get(key, ""))
    return value.ravel().astype(np.float64) if value.dtype.kind in "fiu" else np.zeros(0)
