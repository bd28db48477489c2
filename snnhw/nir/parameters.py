"""Discrete neuron <-> NIR's continuous parameters.

Ours:  u' = decay*u + gain*x + leak;  s = u' > theta.   NIR:  tau dv/dt = (v_leak - v) + R I;  z = v > v_threshold.
One forward Euler step of length dt gives decay = 1 - dt/tau, gain = R dt/tau, leak = v_leak dt/tau.
"""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, Array, DType, LoihiLIF
from snnhw.graph.loihi import DECAY_ONE
from snnhw.nir.frameworks import Dialect
from snnhw.nir.portable import bias_in_weights

NEVER_LEAKS = 2.0**64  # tau in steps for decay 1: 1 - 1/tau is 1 in float32 and float64

FORGETS = 1e-3  # tau in steps for decay 0 in exponential form: exp(-1000) is 0


def lif_fields(node: LIF, dialect: Dialect, dtype: DType) -> dict[str, Array]:
    """The fields of `nir.LIF`, full arrays of `node.shape` in `dtype`; thresholds are float32 values.

    Raises:
        InputError: the neuron cannot be said in this dialect (reset by subtraction, no leak under r = 1, ...).
    """
    if node.reset != "hard":
        raise InputError(
            f"Neuron {node.name!r} {node.resetting}, which NIR cannot say; train with a hard reset to export it."
        )
    state = _leaky_fields(node, dialect, dtype)
    theta = np.asarray(node.threshold, np.float32)
    reset = np.asarray(node.v_reset, np.float64)
    if dialect.form == "euler_r1":
        scale = (1 - np.asarray(node.decay, np.float64)) / np.asarray(node.gain, np.float64)
        theta, reset = (theta.astype(np.float64) * scale).astype(np.float32), reset * scale
    if dialect.fires_at_threshold:
        theta = np.nextafter(theta, np.float32(np.inf))
    fields = state | _full({"v_threshold": theta, "v_reset": reset}, node.shape, dtype)
    return {key: _single(value, node) for key, value in fields.items()} if dialect.single else fields


def li_fields(node: LI, dialect: Dialect, dtype: DType) -> dict[str, Array]:
    """The fields of `nir.LI`.

    Raises:
        InputError: the dialect scales the membrane, which is the output here.
    """
    if dialect.form != "euler":
        raise InputError(f"Integrator {node.name!r} cannot be said in dialect {dialect.name!r}; use 'snntorch'.")
    return _leaky_fields(node, dialect, dtype)


def cuba_fields(current: LI, membrane: LIF, dialect: Dialect, dtype: DType) -> dict[str, Array]:
    """The fields of `nir.CubaLIF`, whose current is `current`.

    Raises:
        InputError: as for `li_fields` and `lif_fields`.
    """
    first, second = li_fields(current, dialect, dtype), lif_fields(membrane, dialect, dtype)
    return {
        "tau_syn": first["tau"],
        "w_in": first["r"],
        "tau_mem": second["tau"],
        **{key: second[key] for key in ("r", "v_leak", "v_threshold", "v_reset")},
    }


def loihi_current(node: LoihiLIF) -> LI | None:
    """The current of Loihi integers as a NIR importer can run it, None where it lasts one step."""
    if not node.current_lasts:
        return None
    return LI(name=f"{node.name}_syn", shape=node.shape, decay=node.current_kept / DECAY_ONE, current_of=node.name)


def loihi_as_lif(node: LoihiLIF, bias_elsewhere: bool) -> LIF:
    """The neuron of Loihi integers as a NIR importer can run it, membrane in weight units.

    The threshold is an integer, decay = 1 - dv/4096; the bias is a leak unless a synapse holds it (`bias_elsewhere`).
    Loihi truncates the membrane to 1/64 weight unit after each decay, an importer does not: spikes may differ at ties.
    A reset by subtraction, for which NIR has no word, is one to 0 here: the metadata holds it. Its current is
    `loihi_current`.
    """
    bias = bias_in_weights(node)
    return LIF(
        name=node.name,
        shape=node.shape,
        decay=node.kept / DECAY_ONE,
        threshold=node.threshold if isinstance(node.threshold, int) else np.asarray(node.threshold, np.float64),
        leak=0.0 if bias_elsewhere or not bias.any() else np.broadcast_to(bias, node.shape),
        unit=node.unit,
        level=node.level,
    )


def leaky_step(tau: Array, r: Array, leak: Array, dt: float, form: str = "euler") -> dict[str, Array]:
    """decay, gain and leak (float64) of one step of length `dt`.

    Forward Euler as above; "euler-whole" the same with gain 1; "exponential": decay = exp(-dt/tau), gain 1. Where tau
    and r are infinite, as snnTorch writes a decay of 1, it is the integrator that tau = dt r tends to: decay 1, gain 1.
    """
    # quotients in the file's precision, as frameworks take them; torch divides a number by a tensor in two steps
    one_step = np.asarray(dt, _precision(tau))
    rate = one_step / tau
    if form == "exponential":
        decay = np.exp(-(one_step * (1 / tau)).astype(np.float64)).astype(rate.dtype).astype(np.float64)
        return {"decay": decay, "gain": np.ones(()), "leak": leak.astype(np.float64) * (1 - decay)}
    finite = np.where(np.isinf(r), 0, r).astype(np.float64)
    rate = _typed(rate)
    return {
        "decay": 1 - rate,
        "gain": np.where(
            np.isinf(r) | (form == "euler-whole"), 1.0, _one_where_rounded(finite * rate, _precision(tau))
        ),
        "leak": leak.astype(np.float64) * rate,
    }


def integrated_gain(r: Array, dt: float, form: str = "euler") -> Array:
    """Gain (float64) of one step of an integrator, dv/dt = R I: R dt; 1 in forms where the input enters whole."""
    if form != "euler":
        return np.ones(())
    return _one_where_rounded(r.astype(np.float64) * dt, _precision(r))


def _typed(rate: Array) -> Array:
    """`rate` in float64: where a decimal of four digits lies within what was rounded off, it is what had been typed.

    An exporter takes a quotient for dt/tau = 0.5 that comes back as 0.49999997, and membranes miss their thresholds.
    """
    exact = rate.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = 10.0 ** (np.floor(np.log10(exact)) - 3)
        short = np.rint(exact / unit) * unit
        near = np.abs(short / exact - 1) < 4 * np.finfo(rate.dtype).eps
    return np.where(near, np.round(short, 12), exact)


def _precision(value: Array) -> DType:
    return value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)


def _one_where_rounded(gain: Array, dtype: DType) -> Array:
    """`gain`, and 1 where it misses that by what `dtype` rounds off: an exporter took one quotient, we the other."""
    return np.where(np.abs(gain - 1) < 8 * np.finfo(dtype).eps, 1.0, gain)


def _leaky_fields(node: LIF | LI, dialect: Dialect, dtype: DType) -> dict[str, Array]:
    """tau, r and v_leak."""
    decay, gain, leak = (np.asarray(v, np.float64) for v in (node.decay, node.gain, node.leak))
    if np.any(node.start):
        raise InputError(
            f"Neuron {node.name!r} starts at another potential than 0, for which NIR has no word; write the graph of "
            "model_of."
        )
    if (decay < 0).any() or (decay > 1).any():
        raise InputError(f"Neuron {node.name!r} has a decay outside 0..1, so no time constant; change its decay.")
    if dialect.form == "exponential":
        if (gain != 1).any() or (leak != 0).any():
            raise InputError(
                f"Neuron {node.name!r} has a gain or a leak, unknown to {dialect.name!r}; put them into the weights."
            )
        exponent = -np.log(np.clip(decay, 1e-300, 1 - 2.0**-53))
        tau = dialect.dt * np.where(decay > 0, 1 / exponent, FORGETS)
        return _full({"tau": tau, "r": np.ones(()), "v_leak": leak}, node.shape, dtype)
    tau = _euler_tau(decay, dialect.dt, dtype)
    steps = tau.astype(np.float64) / dialect.dt
    if dialect.form == "euler":
        return _full({"tau": tau, "r": gain * steps, "v_leak": leak * steps}, node.shape, dtype)
    if (decay == 1).any() or (gain <= 0).any():
        raise InputError(f"Neuron {node.name!r} does not leak, which {dialect.name!r} cannot say; use 'snntorch'.")
    return _full({"tau": tau, "r": np.ones(()), "v_leak": leak / gain}, node.shape, dtype)


def _single(value: Array, node: LIF) -> Array:
    if (value != value.flat[0]).any():
        raise InputError(f"Neuron {node.name!r} has parameters that differ between neurons; use the dialect 'norse'.")
    return value.reshape(-1)[:1]


def _full(fields: dict[str, Array], shape: tuple[int, ...], dtype: DType) -> dict[str, Array]:
    return {key: np.broadcast_to(value, shape).astype(dtype) for key, value in fields.items()}


def _euler_tau(decay: Array, dt: float, dtype: DType) -> Array:
    """tau in `dtype` such that 1 - dt/tau, taken in `dtype`, is `decay` again where a float near dt/(1-decay) can."""
    with np.errstate(divide="ignore"):
        tau = np.where(decay >= 1, dt * NEVER_LEAKS, dt / (1 - decay)).astype(dtype)
    wanted, step = decay.astype(dtype), np.asarray(dt, dtype)
    for toward in (np.inf, -np.inf):
        near = tau
        for _ in range(2):
            near = np.nextafter(near, np.asarray(toward, dtype))
            better = (1 - step / tau != wanted) & (1 - step / near == wanted)
            tau = np.where(better, near, tau)
    return tau
