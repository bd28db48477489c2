"""Findings about samples that reach elsewhere than what the model was trained, calibrated or quantised on.

The model would run all the same, saturated or silent, and every number behind it would be that of other images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from snnhw.data.samples import Samples
from snnhw.data.value_range import FAR, RANGES, ValueRange, far_apart, range_of
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array, Input
from snnhw.workflows.load import LoadedModel

CLIPPED = 0.01  # share of values that a code may clip without a word: a few outliers
BLOCK = 1 << 22  # values coded in one go
REMEDY = "bring them into the same range: divide images of 0 to 255 by 255 and normalise them as the training did"


def range_findings(model: LoadedModel, data: Sequence[Samples]) -> tuple[Finding, ...]:
    """One for every way in which `data`, the inputs first and then a calibration, are far off."""
    filled = [
        samples
        for samples in data
        if samples.values.size and all(np.isfinite(values).all() for values in samples.values)
    ]
    found = (*_off_training(model, filled), *_off_each_other(filled), *_clipped(model, filled))
    return found or tuple(_bytes(model, filled))


def _off_training(model: LoadedModel, data: Sequence[Samples]) -> Iterator[Finding]:
    trained_on = str(model.card.get("data", ""))
    known = RANGES.get(trained_on)
    for samples in data if known is not None else ():
        seen = range_of(samples.values)
        if known is not None and far_apart(known, seen):
            yield Finding(
                "input-off-training",
                "warning",
                model.graph.input.name,
                f"{samples.name} holds values of {seen}, and {model.name} was trained on {trained_on}, which holds "
                f"{known}",
                REMEDY,
            )


def _off_each_other(data: Sequence[Samples]) -> Iterator[Finding]:
    for inputs, calibration in pairwise(data):
        seen, fixed = range_of(inputs.values), range_of(calibration.values)
        if far_apart(fixed, seen):
            yield Finding(
                "input-off-calibration",
                "warning",
                "",
                f"{inputs.name} holds values of {seen}, and the calibration {calibration.name}, which fixes the scales "
                f"of the integers, holds {fixed}",
                REMEDY,
            )


def _clipped(model: LoadedModel, data: Sequence[Samples]) -> Iterator[Finding]:
    node = model.graph.input
    if not model.graph.is_integer or node.levels is not None:
        return
    held = ValueRange(*(end / (node.scale or 1.0) for end in node.integers))
    for samples in data[:1]:
        share, seen = _share_clipped(node, samples.values), range_of(samples.values)
        if share > CLIPPED or seen.reach > FAR * held.reach:
            yield Finding(
                "input-clipped",
                "warning",
                node.name,
                f"{share:.1%} of the values of {samples.name}, {seen}, are clipped: the integers of {model.name} stand "
                f"for {held}",
                f"{REMEDY}, or quantise the float network on samples like these",
            )


def _bytes(model: LoadedModel, data: Sequence[Samples]) -> Iterator[Finding]:
    """Images of a camera or a file, where neither training data nor a scale of integers says what they should be."""
    if model.graph.input.levels is not None or model.graph.is_integer or str(model.card.get("data", "")) in RANGES:
        return
    for samples in data:
        if samples.values.dtype == np.uint8 and samples.values.max() > 1:
            yield Finding(
                "bytes-as-they-are",
                "info",
                model.graph.input.name,
                f"{samples.name} holds bytes, {range_of(samples.values)}, which enter as they are",
                "divide them by 255 where the network was trained on values of 0 to 1",
            )


def _share_clipped(node: Input, values: Array) -> float:
    """Share of the values whose integer does not fit the bits of the input."""
    (lowest, highest), clipped, flat = node.integers, 0, values.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        integers = node.rounded(flat[start : start + BLOCK])
        clipped += int(((integers < lowest) | (integers > highest)).sum())
    return clipped / flat.size
