"""`snnhw demo`: the whole pipeline on real handwritten digits, ending in a report.

Trains the digits recipe, certifies every stage on the whole test split (Lava on some images), counts, prices, reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.report.report import Report
from snnhw.data.inputs import load_inputs
from snnhw.progress import Progress
from snnhw.quantisation import CALIBRATION_SAMPLES
from snnhw.simulation.certificate import Certificate
from snnhw.train.card import Card
from snnhw.train.fit import fit
from snnhw.train.recipe import load_recipe
from snnhw.workflows.load import load_model
from snnhw.workflows.report import ReportOptions, make_report
from snnhw.workflows.train import Fit
from snnhw.workflows.verify import LavaShare, verify

RECIPE = "digits"
LAVA_IMAGES = 10


@dataclass(frozen=True)
class DemoResult:
    """The run folder, certificate and report of a demo."""

    run: Path
    card: Card
    certificate: Certificate
    report: Report
    page: Path

    @property
    def agrees(self) -> bool:
        """True when all stages agree."""
        return self.certificate.agrees

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "run": str(self.run),
            "report": str(self.page),
            "accuracy": dict(self.certificate.accuracy),
            "fidelity": self.certificate.to_dict(),
            "energy": {name: found.per_inference.to_dict() for name, found in self.report.energy.items()},
        }


def run_demo(folder: str | Path, *, lava: bool = True, fit: Fit = fit, progress: Progress | None = None) -> DemoResult:
    """Train, verify and report into `folder`.

    Args:
        folder: gets `run/` (the trained network), two NIR files and the report.
        lava: also run some images in Lava's fixed-point models.
        fit: the training loop, with the progress that it shows.
        progress: called with stage, samples finished, samples in all, once the network is trained.

    Raises:
        InputError: scikit-learn or the Lava interpreter is missing, or the folder cannot be written.
    """
    folder = Path(folder)
    if lava:
        from snnhw.exporters.lava.env import find_interpreter

        find_interpreter()  # a missing interpreter is told before the training, not after it
    run = fit(load_recipe(RECIPE), folder / "run")
    model = load_model(run.path)
    test = load_inputs(f"{RECIPE}:test")
    calibration = load_inputs(f"{RECIPE}:train").first(CALIBRATION_SAMPLES)
    share = LavaShare(LAVA_IMAGES if lava else 0)
    found = verify(model, test, calibration.values, folder, share, progress)
    known = ReportOptions(
        record=found.floats,
        accuracy=found.certificate.accuracy,
        certificate=found.certificate,
        quantisation=found.quantised.layers if found.quantised else (),
        findings=found.quantised.findings if found.quantised else (),
    )
    report, page = make_report(model, test, folder, known)
    return DemoResult(run.path, run.card, found.certificate, report, page)
