"""The picture of a study: a panel for each recipe, every network by its name."""

import pytest

from snnhw.errors import InputError
from snnhw.studies.picture import plot_fractions
from snnhw.studies.plan import NETWORKS
from tests.studies.made import study_of


def test_every_network_and_share_is_in_the_picture(tmp_path, monkeypatch):
    import matplotlib

    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    study = study_of({}, fractions=(0.05, 0.3, 1.0))
    text = plot_fractions(study, tmp_path / "a.svg").read_text()
    assert all(text.count(network.title) == 1 for network in NETWORKS.values())
    assert all(f"{share} %" in text for share in (5, 30, 100)) and "digits_little" in text
    assert plot_fractions(study, tmp_path / "b.svg").read_text() == text


def test_no_picture_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no PNG or SVG file"):
        plot_fractions(study_of({}), tmp_path / "a.txt")
