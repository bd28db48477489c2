"""The pictures of a diagnosis and of the study: the format of the ending, and every curve by its label."""

import pytest
import torch

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.depth_study import DepthRow
from snnhw.train.diagnose import diagnose
from snnhw.train.diagnosis_plots import PANELS, check_picture, plot_diagnosis, plot_study

STARTS = {"png": b"\x89PNG\r\n\x1a\n", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture
def words(monkeypatch):
    """Let SVG files hold their text as text."""
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")


@pytest.mark.parametrize("kind", STARTS)
def test_the_ending_says_the_format(tmp_path, kind):
    rows = [DepthRow("ds", 1, depth, 1.0, 0.1, 0.2, 0.0, 1.0, 1.0) for depth in (8, 14)]
    first, second = (plot_study(rows, tmp_path / f"{name}.{kind}").read_bytes() for name in "ab")
    assert first.startswith(STARTS[kind]) and first == second


def test_every_curve_of_the_study_is_labelled(tmp_path, words):
    rows = [
        DepthRow(kind, levels, depth, 1.0, 0.1 * levels, 0.2, 0.0, 1.0, 1.0)
        for kind in ("ds", "plain")
        for levels in (1, 3)
        for depth in (8, 14)
    ]
    text = plot_study(rows, tmp_path / "study.svg").read_text()
    assert all(text.count(f"{kind}, K = {levels}") == 1 for kind in ("ds", "plain") for levels in (1, 3))
    assert all(line in text for label in PANELS.values() for line in label.split("\n"))


def test_a_network_without_residual_blocks_gets_no_panel_of_sums(tmp_path, words):
    torch.manual_seed(0)
    data = load("digits", "train")
    network = build("digits_ds_resnet8", widths=(2, 3, 4), thresholds=(0.6, 1.6), timesteps=2)
    with_sums = plot_diagnosis(diagnose(network, data, 8), tmp_path / "a.svg").read_text()
    network.stages = torch.nn.Identity()
    network.head = torch.nn.Linear(2, 10)
    without = plot_diagnosis(diagnose(network, data, 8), tmp_path / "b.svg").read_text()
    for text in (with_sums, without):
        assert "outside level 2" in text and "outside level 3" not in text and "2-norm of dL/dw" in text
    assert "residual sum" in with_sums and "residual sum" not in without


def test_a_path_that_is_no_picture_is_refused(tmp_path):
    for name in ("a.png", "a.SVG", "a.pdf", "a"):
        check_picture(tmp_path / name)
    with pytest.raises(InputError, match="is no PNG or SVG file by its ending"):
        check_picture(tmp_path / "a.txt")
    with pytest.raises(InputError, match="is a folder; name a picture in it"):
        check_picture(tmp_path)
