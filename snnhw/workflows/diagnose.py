"""Dormant potentials, cut residual sums and gradient norms of one network, or of DS blocks against plain ones.

Feng et al., IJCAI 2022.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from torch import nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.train.depth_study import DepthRow, Study, depth_study
from snnhw.train.diagnose import Diagnosis
from snnhw.train.diagnose import diagnose as diagnose_network
from snnhw.train.diagnosis_plots import check_picture, plot_diagnosis, plot_study
from snnhw.workflows.for_data import check_labels
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class DepthStudy:
    """Blocks of both kinds by depth and number of levels, after some epochs of training."""

    rows: tuple[DepthRow, ...]
    epochs: int

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"rows": [asdict(row) for row in self.rows]}


def module_of(model: LoadedModel) -> nn.Module:
    """The torch module of `model`.

    Raises:
        InputError: there is none.
    """
    if model.network is None:
        what = f"Model {model.name!r} is a graph" if model.file is None else f"{model.file} is a NIR file"
        raise InputError(
            f"{what} without a torch module, and diagnose looks at gradients; give the run folder, the .pth file or "
            "FILE.py:NAME that it was made from."
        )
    if model.calling is not None:
        raise InputError(f"Model {model.name!r} has neurons of another framework; diagnose looks into MLF units.")
    return model.network


def diagnose(
    model: LoadedModel, data: Samples, samples: int | None = None, plot: str | Path | None = None
) -> Diagnosis:
    """One forward and backward of the trained network.

    Args:
        model: one with a module.
        data: labelled samples.
        samples: how many of them; None takes all.
        plot: PNG or SVG file to write.

    Raises:
        InputError: the model has no module or no MLF unit, or the plot cannot be written.
    """
    if plot is not None:
        check_picture(Path(plot))
    network = module_of(model)
    check_labels(model, data)
    try:
        found = diagnose_network(network, data, samples or len(data))
    except RuntimeError as error:
        shape, reason = list(data.values.shape[1:]), str(error).splitlines()[0]
        raise InputError(f"{model.name} cannot take samples {shape} of {data.name} ({reason}); give others.") from error
    if plot is not None:
        plot_diagnosis(found, Path(plot))
    return found


def study(data: Samples, samples: int | None = None, epochs: int = 0, plot: str | Path | None = None) -> DepthStudy:
    """DS-ResNet against plain ResNet, for several depths and K, after `epochs` epochs on `data`.

    Raises:
        InputError: the plot cannot be written.
    """
    if plot is not None:
        check_picture(Path(plot))
    rows = depth_study(data, Study(samples=samples or len(data), epochs=epochs))
    if plot is not None:
        plot_study(rows, Path(plot))
    return DepthStudy(rows, epochs)
