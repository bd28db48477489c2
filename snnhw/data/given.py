"""What a caller gave where samples are needed; another value is refused with what to give instead."""

from __future__ import annotations

from snnhw.data.samples import Samples
from snnhw.errors import InputError


def samples_given(value: object) -> Samples:
    """`value`, which is samples.

    Raises:
        InputError: it is something else, such as an array.
    """
    if isinstance(value, Samples):
        return value
    raise InputError(
        f"Got a {type(value).__name__} where Samples are needed; make them of arrays with inputs_of(name, values, "
        "targets) or take load_inputs."
    )
