"""Loihi integers of a model in a NIR file, with what they cost: the loss of every layer, and what is clipped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from snnhw.data.samples import Samples
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.graph.weight_width import WIDEST, WeightWidth
from snnhw.nir.io import write_nir
from snnhw.progress import Progress
from snnhw.quantisation import CALIBRATION_SAMPLES
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.loss import QuantisationLoss, measure_loss
from snnhw.quantisation.quantise import Quantised
from snnhw.workflows.for_data import check_labels, for_data, judging
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Integers:
    """How a model becomes integers, and how their loss is measured."""

    samples: int | None = CALIBRATION_SAMPLES  # of the calibration, how many fix the scales; None takes all
    per_channel: bool = False  # one scale per output channel
    input_as: str = "messages"  # a key of `snnhw.passes.INPUTS`
    finetune: int = 0  # epochs through the integers' rounding, on the whole calibration
    each_layer: bool = False  # also what every layer alone costs
    weight_bits: int = WIDEST  # of every weight, 4 to 8


@dataclass(frozen=True)
class Quantisation:
    """The integers, where they are, and their loss."""

    path: Path
    quantised: Quantised
    loss: QuantisationLoss
    findings: tuple[Finding, ...] = ()  # what had to be assumed of the float model and its input

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "path": str(self.path),
            "weight_bits": self.quantised.width.bits,
            "layers": [layer.to_dict() for layer in self.quantised.layers],
            "loss": self.loss.to_dict(),
            **findings_dict((*self.findings, *self.quantised.findings)),
        }


def quantise(
    model: LoadedModel,
    calibration: Samples,
    path: Path,
    wanted: Integers = Integers(),
    progress: Progress | None = None,
) -> Quantisation:
    """Write the integers of `model` and measure what they lose on the samples that fixed their scales.

    Args:
        model: in floats.
        calibration: samples, with labels if it is fine-tuned.
        path: NIR file to write.
        wanted: how the integers are made.
        progress: called with stage, steps finished, steps in all.

    Raises:
        InputError: the graph has no integers, the samples do not fit or lack labels, or the file cannot be written.
    """
    model = for_data(model, calibration)
    if wanted.finetune:
        check_labels(model, calibration)
    else:
        calibration = judging(model, calibration)
    fixing = calibration.first(wanted.samples)
    made = compile_loihi(
        model.graph,
        fixing.values,
        per_channel=wanted.per_channel,
        input_as=wanted.input_as,
        width=WeightWidth(wanted.weight_bits),
        progress=progress,
    )
    calibrated = made.calibrated
    if wanted.finetune:
        from snnhw.quantisation.finetune import Tuning, finetune

        made = finetune(model.graph, made, calibration, Tuning(epochs=wanted.finetune), progress)
    write_nir(made.graph, path)
    loss = measure_loss(
        model.graph,
        replace(made, calibrated=calibrated),
        fixing.values,
        fixing.targets,
        each_layer=wanted.each_layer,
        progress=progress,
    )
    return Quantisation(path, made, loss, model.findings)
