"""What can be said within a second: names that do not exist are refused, and that torch is being loaded is shown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from snnhw.errors import unknown
from snnhw.verbs import terminal

LOADING = "loading torch and the network ..."


def check_names(
    models: Iterable[str] = (),
    sources: Iterable[str | None] = (),
    profiles: Iterable[str] = (),
    chips: Iterable[str] = (),
    *,
    quiet: bool = False,
) -> None:
    """Nothing, where every name that was typed can exist; then a line on the screen, unless `quiet` or in a pipe.

    Args:
        models: MODEL arguments.
        sources: samples, as data sets or files; None where an option was left out.
        profiles: names or files.
        chips: names or files.
        quiet: show nothing, as with `--json` or `--quiet`.

    Raises:
        InputError: there is no such model, data set, file, profile or chip.
    """
    from snnhw.analysis.crossbar.array import available_crossbars, is_crossbar
    from snnhw.analysis.hardware.chips import available_chips, load_chip
    from snnhw.analysis.hardware.profiles import load_profile
    from snnhw.workflows.model_name import check_model_name

    for model in models:
        check_model_name(model)
    for source in sources:
        if source is not None:
            _check_source(source)
    for chip in chips:
        known = (*available_chips(), *available_crossbars())
        if chip not in known and not (chip.endswith(".toml") and os.path.exists(chip)):
            raise unknown("chip", chip, known, "a .toml file")
        if not is_crossbar(chip):
            load_chip(chip)
    for profile in profiles:
        load_profile(profile)
    if not quiet and terminal.err.is_terminal and "torch" not in sys.modules:
        terminal.err.print(LOADING, style="dim")


def _check_source(source: str) -> None:
    from snnhw.data.datasets import parse
    from snnhw.gates.regular import open_regular

    if source.endswith((".npy", ".npz")):
        open_regular(Path(source), "NumPy file", "give an .npy or .npz file with samples").close()
    else:
        parse(source)
