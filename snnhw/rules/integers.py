"""Rules about Loihi integers: what fits the registers of neurons and the memory of synapses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnhw.graph.finding import Finding
from snnhw.graph.ir import SYNAPSES, Array, Graph, LoihiLIF, Neuron
from snnhw.graph.loihi import (
    ACCUMULATOR_LIMIT,
    BIAS_EXP_LIMIT,
    BIAS_MANT_LIMIT,
    CURRENT_LIMIT,
    DECAY_ONE,
    MEMBRANE_LIMIT,
    THRESHOLD_LIMIT,
    WEIGHT_LIMIT,
)
from snnhw.proofs.largest import highest_current, largest_input
from snnhw.proofs.membrane_bound import reached_states

LOWEST_WEIGHT = -WEIGHT_LIMIT - 2
AGAIN = "quantise the network again"


def registers(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each register of a population that cannot hold its value; Lava would wrap it silently."""
    for node in graph.of_type(LoihiLIF):
        ranges: dict[str, tuple[int | Array, int, int]] = {
            "threshold": (node.threshold, 0, THRESHOLD_LIMIT),
            "du": (node.du, 0, DECAY_ONE - 1),
            "dv": (node.dv, 0, DECAY_ONE - 1),
            "bias_mant": (node.bias_mant, -BIAS_MANT_LIMIT - 1, BIAS_MANT_LIMIT),
            "bias_exp": (node.bias_exp, -BIAS_EXP_LIMIT, BIAS_EXP_LIMIT),
            "taken_off": (node.taken_off, -MEMBRANE_LIMIT, MEMBRANE_LIMIT),
            "start": (node.start, -MEMBRANE_LIMIT, MEMBRANE_LIMIT),
            "current_start": (node.current_start, -MEMBRANE_LIMIT, MEMBRANE_LIMIT),
        }
        for key, (value, low, high) in ranges.items():
            if not _whole(value) or np.min(value) < low or np.max(value) > high:
                message = f"{key} lies outside the integers {low}..{high}"
                yield Finding("integer-range", "error", node.name, message, "quantise with a smaller scale")


def current_range(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population whose current can leave its 24 bits in T steps, on the worst input.

    What lasts longer than a step adds up, so integers that fit the T they were quantised for may not fit a larger one.
    """
    for node in graph.of_type(LoihiLIF):
        bound = highest_current(graph, node)
        if bound >= CURRENT_LIMIT:
            steps = "1 time step" if graph.timesteps == 1 else f"{graph.timesteps} time steps"
            message = f"in {steps} its current can reach {bound} weight units, and from {CURRENT_LIMIT} on it wraps"
            remedy = f"quantise the network for {steps}, or run it for fewer"
            yield Finding("current-may-wrap", "error", node.name, message, remedy)


def state_range(graph: Graph) -> Iterator[Finding]:
    """One warning for each unit and end of the 24-bit membrane that the worst input of T steps could go beyond.

    The register is clipped there, and the membrane of floats is not. The upper end matters where a reset keeps what is
    above the threshold (`reached_states`).
    """
    reached = reached_states(graph)
    for unit, neurons in graph.units().items():
        states = [reached[node.name] for node in neurons if node.name in reached]
        for state, goes in ((min((low for low, _ in states), default=0), "fall"),
                            (max((high for _, high in states), default=0), "rise")):  # fmt: skip
            if abs(state) > MEMBRANE_LIMIT:
                limit = MEMBRANE_LIMIT if state > 0 else -MEMBRANE_LIMIT
                far = f"to {int(state)}" if np.isfinite(state) else "without end"
                message = (
                    f"its membrane could {goes} {far} on the worst input and is clipped at {limit}, where a "
                    "float goes on"
                )
                yield Finding("state-may-clip", "warning", unit, message, "compare with the float network")


def wide_sums(graph: Graph) -> Iterator[Finding]:
    """One warning for each population that synapses could send more in a step than nengo-loihi's accumulator holds."""
    for node in graph.of_type(LoihiLIF):
        largest = largest_input(graph, node.name)
        if largest > ACCUMULATOR_LIMIT:
            message = (
                f"in a step it could get {largest} weights, and the accumulator of nengo-loihi has 22 bits, up to "
                f"{ACCUMULATOR_LIMIT}; a run in which one gets more stops there"
            )
            remedy = "run your samples; verify --with runs them with 24 bits where it must, and says so"
            yield Finding("wide-sum", "warning", node.name, message, remedy)


def exponents(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population with a negative exponent of the bias, which Lava shifts and the chip lacks."""
    for node in graph.of_type(LoihiLIF):
        if node.bias_exp < 0:
            message = f"the exponent {node.bias_exp} of its bias is negative, which Lava shifts and {title} lacks"
            yield Finding("negative-exponent", "error", node.name, message, AGAIN)


def weights(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each synapse of an integer graph whose weights are no even 8-bit integers."""
    for node in graph.nodes.values():
        if not graph.is_integer or not isinstance(node, SYNAPSES):
            continue
        weight = node.weight
        if not _whole(weight) or (weight % 2).any() or weight.min() < LOWEST_WEIGHT or weight.max() > WEIGHT_LIMIT:
            message = f"its weights are not the even integers {LOWEST_WEIGHT}..{WEIGHT_LIMIT}"
            yield Finding("weight-range", "error", node.name, message, AGAIN)


def biases(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each synapse of an integer graph whose bias is not whole, or belongs into a neuron behind it."""
    for node in graph.nodes.values():
        if not graph.is_integer or not isinstance(node, SYNAPSES) or node.bias is None or not node.bias.any():
            continue
        fed = [edge.target for edge in graph.out_of(node.name) if isinstance(graph.nodes[edge.target], Neuron)]
        if fed:
            message = f"it has a bias, which belongs into the integer neuron {fed[0]}"
            yield Finding("synapse-bias", "error", node.name, message, "move it into the neuron")
        elif not _whole(node.bias):
            yield Finding("bias-range", "error", node.name, "its biases are no integers", AGAIN)


def one_step_currents(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population whose current lasts longer than a step."""
    for node in graph.of_type(LoihiLIF):
        if node.current_lasts:
            least = int(np.min(node.du))
            message = f"its current lasts longer than a step (du = {least}), which {title} does not have"
            remedy = f"train with a synaptic time constant of one step, du = {DECAY_ONE - 1}"
            yield Finding("no-counterpart", "error", node.name, message, remedy)


def _whole(value: int | Array) -> bool:
    return bool(np.all(np.equal(np.mod(np.asarray(value), 1), 0)))
