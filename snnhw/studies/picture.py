"""The picture of a study: accuracy against the share of the data, a panel for each recipe, a line for each network."""

from __future__ import annotations

from pathlib import Path

from snnhw.studies.plan import NETWORKS
from snnhw.studies.result import DataStudy
from snnhw.train.diagnosis_plots import new_figure, save_figure

MARKS = ("o-", "s-", "^-", "D--", "x:")
SPREAD = 0.03  # of a share, between networks at the same one, so that their intervals stand side by side


def plot_fractions(study: DataStudy, path: Path) -> Path:
    """Mean accuracies with their intervals; the ending of `path` says the format.

    Raises:
        InputError: the picture cannot be written, or matplotlib is not installed.
    """
    recipes = study.plan.recipes
    figure = new_figure(1 + 4.2 * len(recipes), 4.4)
    panels = figure.subplots(1, len(recipes), squeeze=False)[0]
    for axes, recipe in zip(panels, recipes, strict=True):
        for number, (name, network) in enumerate(NETWORKS.items()):
            cells = [study.cells[recipe, name, fraction] for fraction in study.plan.fractions]
            places = [cell.fraction * (1 + SPREAD * (number - 2)) for cell in cells]
            means = [100 * cell.accuracy.mean for cell in cells]
            below = [mean - 100 * cell.accuracy.low for mean, cell in zip(means, cells, strict=True)]
            above = [100 * cell.accuracy.high - mean for mean, cell in zip(means, cells, strict=True)]
            axes.errorbar(places, means, [below, above], fmt=MARKS[number], capsize=2, label=network.title)
        axes.set(xscale="log", xlabel="share of the training samples", title=recipe)
        axes.set_xticks(study.plan.fractions, [f"{100 * fraction:g} %" for fraction in study.plan.fractions])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("test accuracy in %, mean and 95 % interval")
    columns = (2, 3, 5)[min(len(recipes), 3) - 1]
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=columns, frameon=False)
    return save_figure(figure, path)
