"""The depth study: which networks it measures, and the claims of the paper that show at small scale."""

import math

import numpy as np
import pytest

from snnhw.data.datasets import dataset, load
from snnhw.train.depth_study import Study, depth_study
from snnhw.train.diagnosis_plots import plot_study


def test_study_names_every_network_and_makes_a_picture(tmp_path):
    rows = depth_study(load("digits", "train").first(64), Study((8, 14), (1, 2), (2, 2, 2), samples=8, epochs=1))
    assert [(row.depth, row.kind, row.levels) for row in rows] == [
        (depth, kind, levels) for depth in (8, 14) for kind in ("ds", "plain") for levels in (1, 2)
    ]
    assert plot_study(rows, tmp_path / "study.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_study_of_events_keeps_their_steps():
    frames = np.random.default_rng(0).poisson(1.0, (4, 3, 2, 8, 8))
    (row,) = depth_study(dataset("a:train", frames, np.arange(4), 10), Study((8,), (1,), (2, 2, 2)))[:1]
    assert row.loss > 0


@pytest.mark.parametrize("seed", [0, 1])
def test_signs_of_the_papers_claims_at_depth_32_and_what_does_not_show(seed):
    """Untrained networks. More levels leave fewer potentials dormant; no residual sum of a DS block is cut off.

    The share of dormant potentials as such is not lower in a DS-ResNet: in a plain block the shortcut's spikes lift the
    potentials of the second unit into its supports.
    """
    at = {(r.kind, r.levels): r for r in depth_study(load("digits", "train"), Study((32,), (1, 3), seed=seed))}
    for kind in ("ds", "plain"):
        assert at[kind, 3].dormant < at[kind, 1].dormant - 0.02
        assert at[kind, 3].without_gradient < at[kind, 1].without_gradient - 0.02
    for levels in (1, 3):
        ds, plain = at["ds", levels], at["plain", levels]
        assert ds.cut == 0 and plain.cut > 0.2
        assert abs(math.log(ds.residual_gain)) < abs(math.log(plain.residual_gain)) - 0.2
        assert ds.dormant > plain.dormant and ds.without_gradient > plain.without_gradient
    assert at["plain", 3].cut < at["plain", 1].cut - 0.1


@pytest.mark.slow
def test_trained_at_depth_32_with_one_level_the_ds_network_learns_and_has_fewer_dormant_potentials():
    """The plain network of single-level units does not leave the loss of guessing, log 10, in the same time."""
    ds, plain = depth_study(load("digits", "train"), Study((32,), (1,), epochs=4))
    assert ds.loss < 1 < 2 < plain.loss
    assert ds.dormant < plain.dormant - 0.005
    assert ds.cut == 0 and plain.cut > 0.4
