"""Ways to hardware as data: the passes that compile a graph for it, and the rules that refuse what it cannot run.

`refusals` is what `check` lists; `compiled` is what a verb begins with, and raises the first of them. There is no
second copy of a rule. What depends on samples, such as a scale with which a current would wrap, is the verb's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from snnhw.graph.finding import Finding
from snnhw.graph.ir import LIF, SYNAPSES, Graph, Neuron
from snnhw.passes import LOIHI_CHANNELS, LOIHI_CURRENT, Pass, run_passes
from snnhw.passes.balance_delays import balance_delays
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.own_synapses import own_synapses
from snnhw.rules import cores, currents, flow, given, integers, kinds, neurons, readout, words
from snnhw.rules.expressible import deployment
from snnhw.rules.refuse import errors_of, refuse
from snnhw.rules.structure import BROKEN, structure

Rule = Callable[[Graph, str], Iterator[Finding]]  # (graph, what it should fit) -> errors

EVERYWHERE: tuple[Rule, ...] = (
    given.norms,
    given.products,
    given.levels,
    given.separate_membranes,
    given.one_arithmetic,
)
FIRST: tuple[Rule, ...] = (*EVERYWHERE, given.reads_every_step)


@dataclass(frozen=True)
class Way:
    """One way to hardware.

    `floats` and `integers` are the passes for graphs in floats and in Loihi integers; None where it takes none. `first`
    is asked of the graph as it is given, and where one of it refuses, nothing is compiled; `rules` of the compiled one.
    """

    title: str  # in messages
    floats: tuple[Pass, ...] | None
    integers: tuple[Pass, ...] | None
    first: tuple[Rule, ...]
    rules: tuple[Rule, ...]


LAVA = Way(
    "lava",
    LOIHI_CHANNELS,
    (balance_delays,),
    (*FIRST, deployment),
    (
        kinds.kinds_of_lava,
        currents.currents,
        kinds.kernels,
        flow.layers_on_sums,
        flow.passed_sums,
        flow.delays_in_time,
        flow.delays_of_spikes,
        flow.flattened_into_weights,
        flow.one_layout,
        neurons.neurons_with_bias,
        integers.registers,
        integers.weights,
        integers.biases,
        integers.current_range,
    ),
)
INTEGERS = Way(
    "Loihi",
    LOIHI_CHANNELS,
    None,
    (*FIRST, deployment),
    (
        kinds.kinds_of_integers,
        currents.currents,
        currents.lasting_bias,
        kinds.kernels,
        flow.fits_a_message,
        flow.layers_on_sums,
        flow.passed_sums,
        flow.delays_in_time,
        flow.delays_of_spikes,
        flow.one_kind_of_source,
        flow.layers_once,
        flow.flattened_behind_neurons,
        neurons.neurons_with_bias,
        neurons.thresholds_not_negative,
        neurons.synapse_before,
        readout.some_neurons,
        readout.readout_in_integers,
    ),
)
INTEGERS_OF_CURRENT = replace(INTEGERS, floats=LOIHI_CURRENT, first=(*INTEGERS.first, given.input_as_current))
SANAFE = Way(
    "sanafe",
    LOIHI_CHANNELS,
    (own_synapses, fold_pool),
    (given.recurrence, *FIRST, deployment),
    (
        kinds.kinds_of_sanafe,
        flow.binary_events,
        flow.layers_on_sums,
        neurons.plain_neurons,
        neurons.from_rest,
        neurons.thresholds_not_negative,
        integers.one_step_currents,
        integers.current_range,
        cores.fits_the_mesh,
    ),
)
C = Way(
    "C",
    (),
    (),
    (*EVERYWHERE, words.in_integers, deployment),
    (
        kinds.kinds_of_c,
        flow.layers_on_sums,
        flow.passed_sums,
        flow.delays_of_spikes,
        integers.registers,
        words.weights,
        words.biases,
        words.sums,
        words.inputs,
        words.reading,
        integers.current_range,
    ),
)
NENGO_LOIHI = Way(
    "nengo-loihi",
    (),
    (balance_delays,),
    (*EVERYWHERE, words.in_integers, deployment),
    (
        kinds.kinds_of_c,
        flow.layers_on_sums,
        flow.passed_sums,
        flow.delays_in_time,
        flow.delays_of_spikes,
        neurons.resets_to_zero,
        neurons.synapses_between,
        integers.registers,
        integers.biases,
        words.weights,
        words.accumulators,
        words.inputs,
        words.reading,
        integers.current_range,
    ),
)
RRAM = replace(C, title="rram", first=(*EVERYWHERE, deployment))  # the integers of C, read as they are
BUNDLE = replace(C, title="a bundle")  # the same integers, simulated where it is checked
INPUTS = {"messages": INTEGERS, "current": INTEGERS_OF_CURRENT}  # as in `snnhw.passes.INPUTS`


def refusals(graph: Graph, way: Way) -> list[Finding]:
    """Everything for which the verbs of `way` refuse `graph`, errors alone, each once; nodes are those of `graph`.

    Never raises for what is in a graph.
    """
    return _tried(graph, way)[0]


def compiled(graph: Graph, way: Way) -> Graph:
    """`graph` after the passes of `way`.

    Raises:
        InputError: the first of the `refusals`.
    """
    found, ready = _tried(graph, way)
    refuse(found, graph, way.title)
    return graph if ready is None else ready


def check_compiled(graph: Graph, way: Way) -> Graph:
    """`graph` itself, on which the passes of `way` have run already.

    Whether a current could wrap is left to verbs: simulators of integers wrap alike, and their tests go that far.

    Raises:
        InputError: its structure or a rule refuses it.
    """
    asked = [rule for rule in (*way.first, *way.rules) if rule is not integers.current_range]
    refuse(structure(graph), graph, way.title)
    refuse(_asked(asked, graph, way.title), graph, way.title)
    return graph


def check_run(graph: Graph) -> None:
    """Nothing, where the engine may run `graph` for its T: of integers, whose currents it wraps as the chip does.

    Raises:
        InputError: a current can wrap, as `check` says of Loihi and Lava.
    """
    if graph.is_integer:
        refuse(integers.current_range(graph, INTEGERS.title), graph, INTEGERS.title)


def _tried(graph: Graph, way: Way) -> tuple[list[Finding], Graph | None]:
    """The refusals, and the compiled graph where the passes could run."""
    found = errors_of(structure(graph))
    passes = way.integers if graph.is_integer else way.floats
    if passes is None or any(finding.code in BROKEN for finding in found):
        return found, None
    first = errors_of(_asked(way.first, graph, way.title))
    if first:
        return found + first, None
    with np.errstate(all="ignore"):  # values that are not finite are errors that `structure` has found
        ready = run_passes(graph, passes)
    after = _asked(way.rules, ready, way.title)
    found += [replace(finding, node=_as_given(graph, ready, finding.node)) for finding in after]
    return errors_of(found), ready


def _asked(rules: Sequence[Rule], graph: Graph, title: str) -> list[Finding]:
    return [finding for rule in rules for finding in rule(graph, title)]


def _as_given(graph: Graph, ready: Graph, name: str) -> str:
    """The node of `graph` that a node of the compiled graph stands for: the unit of a channel or its identity's.

    Neurons that compute a max pool stand for that.
    """
    node = ready.nodes.get(name)
    if name in graph.nodes or node is None:
        return name
    if isinstance(node, SYNAPSES) and node.identity:
        node = ready.nodes[ready.out_of(name)[0].target]
    if isinstance(node, LIF) and node.pool:
        return node.pool
    return node.unit_name if isinstance(node, Neuron) else name
