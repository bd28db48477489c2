"""Whether Optuna is here, without importing it."""

from __future__ import annotations

from importlib.util import find_spec

from snnhw.errors import InputError
from snnhw.gates.parquet_file import no_parquet


def check_available() -> None:
    """Nothing, where a sweep can be made.

    Raises:
        InputError: Optuna or pyarrow is missing.
    """
    if find_spec("optuna") is None:
        raise InputError("A sweep needs Optuna, which is not installed; install it with: pip install 'snnhw[sweep]'.")
    missing = no_parquet()
    if missing:
        raise InputError(f"A sweep stores the counts of its trials, and {missing}.")
