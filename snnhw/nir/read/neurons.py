"""NIR's neurons -> discrete ones, by forward Euler with the step `dt`.

NIR:  tau dv/dt = (v_leak - v) + R I;  z = v > v_threshold;  v = v_reset where z.  CubaLIF: tau_syn dI/dt = -I + w_in S.
The current of step t drives the membrane in step t, as in snnTorch, norse and Lava. Membranes of frameworks that start
elsewhere than at 0 are counted from there: thresholds, resets and leaks move along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.firing import firing, scalar
from snnhw.graph.ir import LI, LIF, Array, Delay, Node
from snnhw.graph.shapes import Shape
from snnhw.nir.file import RawNode
from snnhw.nir.frameworks import DEFAULT_CONVENTION
from snnhw.nir.parameters import integrated_gain, leaky_step
from snnhw.nir.read.fields import Context, array_of, fitting
from snnhw.nir.read.time_step import INTEGRATORS


class State(TypedDict):
    """One leaky state."""

    decay: float | Array
    gain: float | Array
    leak: float | Array


LIMITS = ("tau", "tau_mem", "tau_syn", "r", "w_in")  # infinite together: a state that does not leak
LONG = 1e-3  # dt/tau below which a time constant hardly acts within a sample


def lif(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`LIF`."""
    fields = _fields(raw, name, arriving, ("tau", "r", "v_leak"), context)
    start = _start(raw, name, arriving, context)
    state = _leaky({**fields, "v_leak": fields["v_leak"] - start}, "tau", "r", name, context)
    return _sent([], _spiking(raw, name, arriving, context, state, start), context)


def li(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`LI`: the membrane is sent, there is no spike."""
    fields = _fields(raw, name, arriving, ("tau", "r", "v_leak"), context)
    if np.any(_start(raw, name, arriving, context)):
        context.find(
            "start-not-taken",
            "warning",
            name,
            f"its value starts at {context.convention.starts_at} in {context.convention.name}, and at 0 here",
            "compare with the framework, or export it with a leak to 0",
        )
    state = _leaky(fields, "tau", "r", name, context)
    if context.convention.current == "decayed":
        state["gain"] = state["decay"]
    return [LI(name=name, shape=arriving, **state)]


def cuba_lif(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`CubaLIF`: a leaky current in front of a LIF."""
    start = _start(raw, name, arriving, context)
    current, membrane = _cuba(raw, name, arriving, context, start)
    return _sent([current], _spiking(raw, name, arriving, context, membrane, start), context)


def cuba_li(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`CubaLI`: two leaky integrators, current and membrane."""
    current, membrane = _cuba(raw, name, arriving, context, np.zeros(()))
    return [current, LI(name=name, shape=arriving, **membrane)]


def integrator(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`IF` and `I`: dv/dt = R I, so the gain of a step is R dt; R = 1 in the whole file is taken per step."""
    r = _fields(raw, name, arriving, ("r",), context)["r"]
    gain = integrated_gain(r, context.dt, context.form)
    if context.gain_per_step and np.any(gain != 1):
        if context.written_by in ("", DEFAULT_CONVENTION):  # the exporters that write r = 1 mean it per step
            context.find(
                "gain-per-step",
                "info",
                name,
                f"r = 1 is taken as the gain of one time step; by the equation it would be {context.dt:g}",
                "name the framework with --written-by, or write r = 1/dt to have no doubt",
            )
        gain = np.ones(())
    found: State = {"decay": 1.0, "gain": scalar(gain), "leak": 0.0}
    if raw.type == "I":
        return [LI(name=name, shape=arriving, **found)]
    start = _start(raw, name, arriving, context)
    return _sent([], _spiking(raw, name, arriving, context, found, start), context)


def threshold(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Threshold`: a neuron that forgets everything at once."""
    theta = fitting(array_of(raw, "threshold", name), "threshold", name, arriving, context)
    return [LIF(name=name, shape=arriving, decay=0.0, threshold=scalar(theta.astype(np.float64)))]


def _start(raw: RawNode, name: str, arriving: Shape, context: Context) -> Array:
    """The membrane before the first step; 0 where the framework or the file names none."""
    key = context.convention.starts_at
    if not key or key not in raw.fields:
        return np.zeros(())
    return _field(raw, key, name, arriving, context).astype(np.float64)


def _sent(before: list[Node], neuron: LIF, context: Context) -> list[Node]:
    """`before`, the neuron, and a step of delay where the framework's spikes come late."""
    if not context.convention.fires_late:
        return [*before, neuron]
    late = Delay(name=context.made_up(f"{neuron.name}_late"), shape=neuron.shape, steps=1)
    return [*before, neuron, late]


def _fields(raw: RawNode, name: str, arriving: Shape, keys: tuple[str, ...], context: Context) -> dict[str, Array]:
    return {key: _field(raw, key, name, arriving, context) for key in keys}


def _field(raw: RawNode, key: str, name: str, arriving: Shape, context: Context) -> Array:
    value = array_of(raw, key, name, limits=key in LIMITS and raw.type not in INTEGRATORS)
    return fitting(value, key, name, arriving, context)


def _leaky(fields: Mapping[str, Array], tau: str, r: str, name: str, context: Context) -> State:
    """decay, gain and leak of one leaky state."""
    if (fields[tau] <= 0).any():
        raise InputError(f"Neuron {name!r} has a {tau} of 0 or less; export it again.")
    if context.form == "euler" and np.any(np.isinf(fields[tau]) != np.isinf(fields[r])):
        raise InputError(
            f"Neuron {name!r} has an infinite {tau} without an infinite {r}, or the other way round, so the gain {r} "
            f"dt/{tau} of a step is 0 or infinite; write both infinite for a neuron that does not leak."
        )
    if np.isinf(fields[tau]).any() and not context.written_by:
        context.find(
            "never-leaks",
            "info",
            name,
            f"an infinite {tau} is read as an integrator that adds its input whole in each step",
            "name the framework with --written-by, or write an IF node with r = 1/dt to have no doubt",
        )
    leak = fields.get("v_leak", np.zeros(()))
    found = leaky_step(fields[tau], fields[r], leak, context.dt, context.form)
    if (found["decay"] < 0).any():
        framework = context.convention
        remedy = "give the right step with --dt"
        if context.writer:
            remedy += f", or --written-by {context.writer}, which seems to have written the file"
        if framework.dt is not None and framework.dt != context.dt:
            remedy = f"leave out --dt to take the step of {framework.name}, {framework.dt:g}"
        raise InputError(f"Neuron {name!r} has a {tau} below the time step {context.dt:g}; {remedy}.")
    if context.dt_assumed and (found["decay"] < 1).any() and (found["decay"] > 1 - LONG).all():
        context.find(
            "time-constant-long",
            "warning",
            name,
            f"{tau} is more than {1 / LONG:g} steps of {context.dt:g}, so the neuron hardly leaks",
            "give the step of the framework that trained it with --dt",
        )
    return {"decay": scalar(found["decay"]), "gain": scalar(found["gain"]), "leak": scalar(found["leak"])}


def _cuba(raw: RawNode, name: str, arriving: Shape, context: Context, start: Array) -> tuple[LI, State]:
    fields = _fields(raw, name, arriving, ("tau_syn", "tau_mem", "r", "v_leak"), context)
    fields["v_leak"] = fields["v_leak"] - start
    w_in: Array = np.ones((), np.float32)
    if "w_in" in raw.fields:
        w_in = _field(raw, "w_in", name, arriving, context)
    parameters = {"tau_syn": fields["tau_syn"], "w_in": w_in}
    state = _leaky(parameters, "tau_syn", "w_in", name, context)
    if context.convention.current != "written":
        state["gain"] = 1.0 if context.convention.current == "whole" else state["decay"]
    elif (w_in == 1).all() and np.any(state["gain"] != 1) and not context.written_by:
        context.find(
            "current-gain",
            "warning",
            name,
            "w_in = 1 is taken by the equation: an input adds dt/tau_syn of itself to the current; norse and rockpool "
            "leave w_in at 1 and add all of it",
            "say who wrote the file with --written-by",
        )
    current = LI(
        name=context.made_up(context.currents.get(name, f"{name}_syn")), shape=arriving, current_of=name, **state
    )
    return current, _leaky(fields, "tau_mem", "r", name, context)


def _spiking(raw: RawNode, name: str, arriving: Shape, context: Context, state: State, start: Array) -> LIF:
    theta = _fields(raw, name, arriving, ("v_threshold",), context)["v_threshold"].astype(np.float64)
    v_reset: Array = np.zeros(())
    if "v_reset" in raw.fields:
        v_reset = _fields(raw, name, arriving, ("v_reset",), context)["v_reset"].astype(np.float64)
    of_current = context.convention.reset_of_currents if raw.type == "CubaLIF" else None
    kind = context.reset or of_current or context.convention.reset
    if kind is None and "v_reset" not in raw.fields and context.predates_reset:
        context.find(
            "reset-undefined",
            "warning",
            name,
            "files of nir 1.0.5 and older do not hold a reset, and defined it as a subtraction of the threshold; "
            "this one is read with a hard reset to 0",
            "choose with --reset hard, subtract, subtract-late or none, or say who wrote the file with --written-by",
        )
    at_threshold = context.convention.fires_at_threshold
    theta, v_reset = theta - start, v_reset - start
    fires = firing(name, kind or "hard", theta, v_reset, state["decay"], fires_at_threshold=at_threshold)
    return LIF(name=name, shape=arriving, **fires, **state)
