"""The charts of a report as files for a paper, each as SVG and as PDF."""

from __future__ import annotations

import io
from collections.abc import Mapping

from snnhw.analysis.report.hover import titled
from snnhw.analysis.report.page import CHARTS, drawings
from snnhw.analysis.report.place import CREATOR
from snnhw.analysis.report.plots import WIDE
from snnhw.analysis.report.report import Report
from snnhw.errors import InputError

KINDS = ("svg", "pdf")
NAMES = tuple(f"figure_{name}.{kind}" for name in CHARTS for kind in KINDS)  # that a report can have


def figures(report: Report) -> Mapping[str, bytes]:
    """Name of the file -> its bytes, such as figure_energy.pdf; the same report gives the same bytes.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.text import Text
    except ImportError as error:
        raise InputError("The figures of a report need matplotlib; pip install 'snnhw[report]'.") from error
    found = {}
    for name, draw in drawings(report).items():
        figure = draw(WIDE)
        for artist in figure.findobj(Text):
            artist.set_parse_math(False)  # a dollar in a name begins no formula
        for kind in KINDS:
            file = io.BytesIO()
            date = {"Date": None} if kind == "svg" else {"CreationDate": None}
            with rc_context({"svg.hashsalt": name, "pdf.fonttype": 42}):
                figure.savefig(file, format=kind, metadata={"Creator": CREATOR, **date})
            data = file.getvalue()
            found[f"figure_{name}.{kind}"] = titled(data.decode()).encode() if kind == "svg" else data
    return found
