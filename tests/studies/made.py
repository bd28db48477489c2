"""Studies made of given accuracies, without any training."""

from snnhw.analysis.ranges import Range
from snnhw.studies.plan import NETWORKS, Plan, Point
from snnhw.studies.result import DataStudy, Trained

ANN = {
    "fp32": Range(1e-9, 2e-9, 3e-9),
    "int8": Range(1e-10, 2e-10, 3e-10),
    "int8, with memory": Range(4e-10, 5e-10, 6e-10),
}


def study_of(accuracies, fractions=(0.1, 1.0), **others):
    """A study of one recipe; `accuracies` by network and fraction, one for each seed, else around 0.5."""
    usual = (0.4, 0.5, 0.6)
    seeds = len(next(iter(accuracies.values()), usual))
    plan = Plan(fractions, ("digits_little",), seeds, **others)
    runs = []
    for point in plan.points():
        found = accuracies.get((point.network, point.fraction), usual[:seeds])[point.seed - 1]
        energy = Range(1e-7, 2e-7 * point.seed, 9e-7) if NETWORKS[point.network].spikes else None
        runs.append(Trained(point, found, 19810, round(1438 * point.fraction), 200, 32, 1.5, energy))
    return DataStudy(plan, tuple(runs), {"digits_little": ANN})


def point(network="mlf1", fraction=0.1, seed=1):
    return Point("digits_little", network, fraction, seed)
