"""The model for the data it meets: its input is said to be analogue or events before anything is run or counted.

A kind that the user states comes first, then what the model's file says, then what the data set says, at last what the
values of the whole data suggest, which is a finding: of events, and of 0 and 1 without steps, which could be either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from snnhw.data.kind import KINDS
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.frames import has_steps
from snnhw.workflows.input_range import range_findings
from snnhw.workflows.load import LoadedModel


def with_input_kind(model: LoadedModel, *data: Samples) -> LoadedModel:
    """`model` whose graph says what `data` are; `model` itself where that changes nothing.

    Events reach up to the largest value of all `data`. Where nothing is stated, data are events only if all of them
    look like events.

    Args:
        model: any model; a file that says its input takes events is believed, and samples against it are refused where
            they enter.
        data: everything that enters, the calibration included.

    Raises:
        InputError: data of one kind are given with data that are stated to be of the other, or events are stated for
            integers that were made for an analogue input.
    """
    model = _checked(model, data)
    node = model.graph.input
    stated = {samples.kind.stated: samples for samples in data if samples.kind.stated is not None}
    if len(stated) > 1:
        analogue, events = (stated[kind].name for kind in KINDS)
        raise InputError(f"{analogue} is analogue and {events} holds events; give data of one kind.")
    by_user = any(samples.kind.by_user for samples in data)
    if node.levels is not None and not (by_user and "analogue" in stated):
        return model
    levels = None if "analogue" in stated else _levels(model.graph, data, stated.get("events"))
    if levels == node.levels:
        doubtful = not stated and data and all(samples.kind.largest == 1 for samples in data)
        return _told(model, _held(data)) if doubtful else model
    if levels is not None and model.graph.is_integer and node.scale is not None and not by_user:
        return _told(model, _made_for_analogue(model.graph, data))
    declared = replace(model, graph=declare_input(model.graph, levels))
    return declared if stated else _told(declared, _concluded(data, levels))


def _checked(model: LoadedModel, data: Sequence[Samples]) -> LoadedModel:
    """`model` with findings about what `data` have to do with it; their labels are numbers of its (first) output."""
    ends = model.graph.readouts
    for samples in data:
        if samples.targets is not None and ends:
            if foreign_labels(model, samples):
                model = _told(model, _no_accuracy(model, samples))
            if len(ends) > 1:
                model = _told(model, _labels_of_the_first(model, samples))
    for finding in range_findings(model, data):
        model = _told(model, finding)
    return model


def foreign_labels(model: LoadedModel, samples: Samples) -> bool:
    """Whether some labels are no class of `model`, so that they number other classes than it tells apart."""
    targets, ends = samples.targets, model.graph.readouts
    return targets is not None and len(ends) > 0 and int(targets.max(initial=0)) >= ends[0].size


def _no_accuracy(model: LoadedModel, samples: Samples) -> Finding:
    classes, end = model.graph.readouts[0].size, model.graph.readouts[0].name
    largest = 0 if samples.targets is None else int(samples.targets.max(initial=0))
    return Finding(
        "labels-of-other-classes",
        "warning",
        end,
        f"the labels of {samples.name} reach {largest} and {model.name} has the outputs 0..{classes - 1}: they number "
        "other classes and are left out, and no accuracy is measured",
        "give samples whose labels are numbered as the network's outputs",
    )


def _labels_of_the_first(model: LoadedModel, samples: Samples) -> Finding:
    first, *others = (end.name for end in model.graph.readouts)
    return Finding(
        "labels-of-first-output",
        "info",
        first,
        f"the labels of {samples.name} are compared with {first}, the first output of {model.name}, and not with "
        f"{', '.join(others)}",
        "return the output that is labelled first, or leave the labels out",
    )


def _levels(graph: Graph, data: Sequence[Samples], events: Samples | None) -> int | None:
    """The largest event of all data, None where they are analogue."""
    largest = 0
    for samples in data:
        kind = samples.kind
        levels = kind.levels(steps=has_steps(graph, samples.values))
        if events is not None and kind.largest is None:
            raise InputError(
                f"{events.name} holds events and {samples.name} values that are none; give data of one kind."
            )
        if events is None and levels is None and kind.largest != 0:
            return None
        largest = max(largest, levels or 0, kind.largest or 0 if events is not None else 0)
    return largest or (1 if events is not None else None)


def _told(model: LoadedModel, finding: Finding) -> LoadedModel:
    return model if finding in model.findings else replace(model, findings=(*model.findings, finding))


def _concluded(data: Sequence[Samples], levels: int | None) -> Finding:
    names = " and ".join(dict.fromkeys(samples.name for samples in data))
    return Finding(
        "input-kind-concluded",
        "info",
        "",
        f"all values of {names} are whole numbers from 0 to {levels} in time steps, so they are taken for events, "
        "whose operations are synops and no multiply-accumulates",
        "say --input-kind events, or --input-kind analogue if they are measured values",
    )


def _held(data: Sequence[Samples]) -> Finding:
    names = " and ".join(dict.fromkeys(samples.name for samples in data))
    return Finding(
        "input-kind-concluded",
        "info",
        "",
        f"all values of {names} are 0 or 1 and have no time steps, so they are taken for analogue values that last, "
        "whose operations are multiply-accumulates",
        "say --input-kind analogue, or --input-kind events if each 1 is an event in every step",
    )


def _made_for_analogue(graph: Graph, data: Sequence[Samples]) -> Finding:
    names = " and ".join(dict.fromkeys(samples.name for samples in data))
    return Finding(
        "integers-of-analogue-input",
        "warning",
        graph.input.name,
        f"{names} holds events, and the integers of {graph.name} were made for an analogue input of scale "
        f"{graph.input.scale:g}: it is counted as analogue, in multiply-accumulates",
        "quantise the float network with event data",
    )
