"""Whether a report of stored counts is about to replace one that says more, whose chapters would be lost.

Takes the folder of the earlier report and the report that is to be written; reads report.json and compares it. Prices
are no loss, since they can be had again of the counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from snnhw.analysis.report.place import LARGEST, REPORT
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.stamp import NOT_KEPT
from snnhw.errors import InputError
from snnhw.gates.plain_text import read_json
from snnhw.gates.regular import is_file

CHAPTERS: Mapping[str, str] = {  # key of report.json -> what it tells
    "fidelity": "the certificate",
    "quantisation": "the loss of each layer's integers",
    "levels": "what each level is worth",
    "steps": "the counts of each time step",
    "relays": "what merging residual sums would change",
    "parameters": "the weights of each layer",
}
RUN = "the picture of the network and the raster of an example"  # of a run of the network; report.json has neither


def lost(earlier: object, report: Report) -> tuple[str, ...]:
    """What the content of an earlier report.json tells and `report` does not, in words; nothing of other content."""
    if not isinstance(earlier, Mapping):
        return ()
    now = report.to_dict()
    found = [words for key, words in CHAPTERS.items() if earlier.get(key) and not now.get(key)]
    stamp = earlier.get("stamp")
    ran = isinstance(stamp, Mapping) and stamp.get("counted") not in (None, NOT_KEPT)
    if ran and report.stamp.counted == NOT_KEPT:
        found.append(RUN)
    return tuple(found)


def check_replaced(folder: Path, report: Report, *, force: bool = False) -> None:
    """Nothing, where no report lies in `folder` that says more than `report`, or `force` is given.

    Raises:
        InputError: one does; the message says what would be lost. Or its report.json cannot be read.
    """
    path = folder / REPORT[0]
    if force or not is_file(path) or not path.stat().st_size:
        return
    earlier = read_json(path, "report", "choose another folder or give --force", LARGEST)
    missing = lost(earlier, report)
    if missing:
        raise InputError(
            f"{path} tells more than this report, which would replace it: {'; '.join(missing)}; choose another folder "
            "or give --force."
        )
