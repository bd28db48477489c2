"""Stacking and repeating one step, against the shapes that torch gives."""

import pytest
import torch

from snnhw.tracing.sequences import shown, stacked
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream

T, B = 3, 2
ONE = Stream((("input", 1),), (4, 5, 6))
FRAME = torch.arange(B * 120.0).reshape(B, 4, 5, 6)


def sizes(stream):
    return tuple(B if size == Rows() else size for size in stream.sizes)


@pytest.mark.parametrize(("dim", "axes"), [(0, "time"), (1, "batch")])
def test_steps_are_stacked_along_either_of_the_first_axes(dim, axes):
    found = stacked(ONE, T, dim)
    assert found is not None and found.axes == axes and found.steps == T
    assert sizes(found) == tuple(torch.stack([FRAME] * T, dim).shape)


def test_other_axes_and_values_with_time_are_not_stacked():
    assert stacked(ONE, T, 2) is None
    assert stacked(ONE.all_steps(T), T, 0) is None


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("repeat", (T, 1, 1, 1, 1)),
        ("repeat", ((T, 1, 1, 1, 1),)),
        ("expand", (T, -1, -1, -1, -1)),
        ("expand", (T, B, 4, 5, 6)),
    ],
)
@pytest.mark.parametrize("alone", [False, True])
def test_a_frame_is_shown_in_every_step(target, args, alone):
    frame, stream = FRAME, ONE
    if alone:
        frame, stream = FRAME.unsqueeze(0), shown("unsqueeze", ONE, (0,))
        assert stream is not None and sizes(stream) == tuple(frame.shape)
    theirs = getattr(frame, target)(*args) if -1 not in args or alone else FRAME[None].expand(*args)
    known = tuple(Rows() if a == B and target == "expand" else a for a in args)
    found = shown(target, stream, known)
    assert found is not None and found.axes == "time" and sizes(found) == tuple(theirs.shape)
    assert all(torch.equal(step, FRAME) for step in theirs)


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("repeat", (T, 2, 1, 1, 1)),
        ("repeat", (T, 1, 2, 1, 1)),
        ("repeat", (T, 1, 1)),
        ("repeat", (Rows(), 1, 1, 1, 1)),
        ("repeat", ()),
        ("unsqueeze", (1,)),
        ("flatten", (1,)),
    ],
)
def test_other_calls_show_nothing(target, args):
    assert shown(target, ONE, args) is None
    assert shown("repeat", ONE.all_steps(T), (T, 1, 1, 1, 1)) is None
