"""What a function fires, found by calling it: the forward of a surrogate is what a neuron sends, whatever its name.

`f(u - theta)` of a binary neuron is 1 above the threshold and 0 below, at it one of both: strict neurons send 0 there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from snnhw.errors import InputError

AWAY = (1e-6, 1e-3, 0.1, 0.4999, 0.5, 0.9, 1.0, 1.5, 2.0, 3.0, 10.0, 1e3)  # from the threshold, to both sides
AGAIN = 16  # calls at each place, so that chance is seen


def fires_at_threshold(name: str, function: Any, *, usual: bool) -> bool:
    """Whether a neuron called `name` that fires by `function` sends a spike where its membrane is the threshold.

    `usual` is given for what cannot be called, such as a name.

    Raises:
        InputError: it sends anything else than 1 above and 0 below, or not always the same, or cannot be called so.
    """
    if not callable(function):
        return usual
    places = torch.tensor([-x for x in reversed(AWAY)] + [0.0, *AWAY], dtype=torch.float32)
    sent = _called(name, function, places.repeat(AGAIN, 1))
    for place, values in zip(places.tolist(), sent.T.tolist(), strict=True):
        expected = {0.0, 1.0} if place == 0 else {float(place > 0)}
        if len(set(values)) > 1 or not set(values) <= expected:
            what = "values that change from call to call" if len(set(values)) > 1 else f"{values[0]:g}"
            raise InputError(
                f"{name!r} fires by {_title(function)}, which sends {what} where the membrane is {_where(place)} the "
                "threshold; a spiking neuron sends 1 above it and 0 below: change what the function's forward gives, "
                "and keep its gradient."
            )
    return bool(sent[0, len(AWAY)] == 1)


def _called(name: str, function: Callable[..., Any], places: torch.Tensor) -> torch.Tensor:
    try:
        with torch.no_grad():
            sent = function(places)
        if sent.shape == places.shape:
            found: torch.Tensor = sent.detach().cpu().to(torch.float64)
            return found
    except Exception as error:  # a function of somebody else may raise anything
        raise InputError(
            f"{name!r} fires by {_title(function)}, which cannot be called on membranes ({error}); give it a function "
            "of one tensor."
        ) from error
    raise InputError(
        f"{name!r} fires by {_title(function)}, which gives another shape than it gets; give it one of each value."
    )


def _title(function: Any) -> str:
    """Its name as it was defined; the class of what has none."""
    return str(getattr(function, "__name__", type(function).__name__))


def _where(place: float) -> str:
    return "at" if place == 0 else f"{abs(place):g} {'above' if place > 0 else 'below'}"
