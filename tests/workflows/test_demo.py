"""The demo without Lava and with one epoch of training: files are left, and stages agree."""

import dataclasses

import pytest

from snnhw.train.fit import fit
from snnhw.workflows.demo import run_demo


@pytest.mark.slow
def test_one_epoch_goes_all_the_way(tmp_path):
    stages = []
    made = run_demo(
        tmp_path,
        lava=False,
        fit=lambda recipe, folder: fit(dataclasses.replace(recipe, epochs=1), folder),
        progress=lambda stage, finished, total: stages.append(stage),
    )
    assert made.agrees and made.card.recipe["epochs"] == 1 and made.run == tmp_path / "run"
    assert made.page.is_file() and made.report.certificate is made.certificate
    assert {"float simulation", "integer simulation"} <= set(stages)
    assert set(made.to_dict()) == {"run", "report", "accuracy", "fidelity", "energy"}
