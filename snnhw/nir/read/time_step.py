"""The time step of a file, and whether r of its integrators needs one.

NIR is continuous and holds no time step; what it holds are time constants, delays and resistances.
"""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array
from snnhw.nir.metadata import Metadata
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import FlatGraph

DEFAULT_DT = 1e-4  # seconds; what snnTorch, SpikingJelly and the Lava script of the NIR paper assume
TIMED = ("LIF", "LI", "CubaLIF", "CubaLI", "Delay")
INTEGRATORS = ("IF", "I")  # timed too, unless r is the gain of a step


def time_step(flat: FlatGraph, dt: float | None, meta: Metadata | None, context: Context) -> float:
    """dt in seconds: what the user says, else the metadata, else the framework, else the usual one with a finding.

    Raises:
        InputError: the user's is not a positive number.
    """
    if dt is not None:
        if not (np.isfinite(dt) and dt > 0):
            raise InputError(f"The time step is {dt}; give a positive number of seconds with --dt.")
        return dt
    if meta is not None:
        return meta.dt
    if context.convention.dt is not None:
        return context.convention.dt
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
    r = _resistances(flat)
    if meta is None and (r == 1).any() and (r != 1).any():
        context.find(
            "gain-by-equation",
            "warning",
            "",
            "r is 1 in some integrators and another number in others, so it is taken by the equation in all of them: "
            "the gain of a step is r dt",
            "write r = 1/dt where the gain of a step is 1",
        )
    return bool(r.size) and bool((r == 1).all())


def _step_by_integrators(flat: FlatGraph) -> str:
    """What r of integrators tells about the step, as the end of a sentence: some exporters write r = 1/dt."""
    r = _resistances(flat)
    if r.size == 0 or r[0] <= 0 or (r != r[0]).any() or abs(float(r[0]) * DEFAULT_DT - 1) < 1e-6:
        return ""
    return f"; all integrators have r = {r[0]:g}, which is 1/dt of {1 / r[0]:g} s in files of SpikingJelly"


def _resistances(flat: FlatGraph) -> Array:
    """r of every integrator of the file, in one row; what is not numeric is left to the parser."""
    values = [np.asarray(n.fields.get("r", 0)).ravel() for n in flat.nodes.values() if n.type in INTEGRATORS]
    return np.concatenate([v for v in values if v.dtype.kind in "fiu"] or [np.zeros(0)])
