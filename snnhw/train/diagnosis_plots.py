"""Pictures of a diagnosis and of the depth study; the format follows the ending of the file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from snnhw.errors import InputError
from snnhw.files import write_atomically
from snnhw.train.depth_study import DepthRow
from snnhw.train.diagnose import Diagnosis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SALT = "snnhw"  # of the identifiers in an SVG
KINDS = ("png", "svg", "pdf")
PANELS = {  # field of a DepthRow -> label of its axis
    "dormant": "share of dormant potentials",
    "without_gradient": "share of unit inputs without gradient",
    "cut": "share of residual sums without gradient",
    "residual_gain": "gradient norm at residual sums,\nfirst over last",
}


def check_picture(path: Path) -> None:
    """Nothing, where a picture can be written at `path`; asked before the work that it shows.

    Raises:
        InputError: the ending is of no picture, a folder is there, or matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise InputError(f"The picture {path} needs matplotlib; pip install 'snnhw[report]'.")
    if os.path.isdir(path):
        raise InputError(f"{path} is a folder; name a picture in it, such as {path / 'diagnosis.png'}.")
    if _kind(path) not in KINDS:
        raise InputError(f"{path} is no PNG or SVG file by its ending; give one such as {path.with_suffix('.png')}.")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, of inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def plot_diagnosis(diagnosis: Diagnosis, path: Path) -> Path:
    """Shares by unit, gradient norm by layer, and both by residual sum where there are any."""
    figure = new_figure(9, 8)
    shares, layers, *sums = figure.subplots(3 if diagnosis.sums else 2, 1)
    places = range(len(diagnosis.units))
    for level in range(len(diagnosis.units[0].outside)):
        shares.plot(places, [u.outside[level] for u in diagnosis.units], "o--", label=f"outside level {level + 1}")
    shares.plot(places, [u.dormant for u in diagnosis.units], "ko-", label="outside every level (dormant)")
    shares.plot(places, [u.without_gradient for u in diagnosis.units], "rs:", label="without gradient")
    shares.set(ylabel="share of potentials", ylim=(0, 1), xlabel="unit, from input to output")
    layers.semilogy(range(len(diagnosis.layers)), [layer.norm for layer in diagnosis.layers], "ko-")
    layers.set(ylabel="2-norm of dL/dw", xlabel="layer, from input to output")
    for cut in sums:
        places = range(len(diagnosis.sums))
        cut.plot(places, [s.cut for s in diagnosis.sums], "rs:")
        cut.set(ylabel="share without gradient", ylim=(-0.05, 1), xlabel="residual sum, from input to output")
        norms = cut.twinx()
        norms.semilogy(places, [s.norm for s in diagnosis.sums], "ko-")
        norms.set(ylabel="2-norm of dL/d(sum)")
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return save_figure(figure, path)


def plot_study(rows: Sequence[DepthRow], path: Path) -> Path:
    """Each quantity against depth: DS blocks in full lines, plain ones dashed, one colour for each K."""
    figure = new_figure(10, 7)
    for axes, (field, label) in zip(figure.subplots(2, 2).flat, PANELS.items(), strict=True):
        for kind, line in (("ds", "o-"), ("plain", "s--")):
            for colour, levels in enumerate(sorted({row.levels for row in rows})):
                of_curve = [row for row in rows if (row.kind, row.levels) == (kind, levels)]
                values = [getattr(row, field) for row in of_curve]
                axes.plot(
                    [row.depth for row in of_curve], values, line, color=f"C{colour}", label=f"{kind}, K = {levels}"
                )
        axes.set(xlabel="depth", ylabel=label, xticks=sorted({row.depth for row in rows}))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=6, frameon=False)
    return save_figure(figure, path)


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a figure in the format of the ending; the same values give the same bytes.

    Raises:
        InputError: as `check_picture`, or the file cannot be written.
    """
    from matplotlib import rc_context

    check_picture(path)
    kind = _kind(path)
    dates: dict[str, dict[str, str | None]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    metadata = dates.get(kind, {})
    with rc_context({"svg.hashsalt": SALT}):
        return write_atomically(path, lambda file: figure.savefig(file, format=kind, metadata=metadata))


def _kind(path: Path) -> str:
    return path.suffix.removeprefix(".").lower() or "png"
