"""The verb prune."""

from __future__ import annotations

from pathlib import Path

from tests.workflows.pruned import small_run


def test_a_run_is_pruned_priced_and_exported(call, tmp_path):
    small_run(tmp_path / "run")
    options = ("--energy-left", "0.9", "--rounds", "1", "--samples", "64", "-q")
    made = call("prune", "run", "-o", "pruned", *options, "--json")
    assert made["after"]["energy_pj"] <= 0.9 * made["before"]["energy_pj"]
    assert sorted(path.name for path in Path("pruned").iterdir()) == ["metrics.csv", "model.json", "model.safetensors"]
    shown = call("prune", "run", "-o", "again", *options)
    assert "Pruned by loihi1-davies2018" in shown and "stage1_block1_mlf1" in shown
    assert call("evaluate", "pruned", "--json")["accuracy"] == made["after"]["test_accuracy"]
    removed = call("export", "pruned", "-o", "pruned.nir", "--prune-dead", "--json")
    assert Path("pruned.nir").exists() and removed


def test_bad_targets_are_refused(refused):
    assert "Give one target" in refused("prune", "digits", "-o", "out")
    assert "above 0, below 1" in refused("prune", "digits", "-o", "out", "--energy-left", "2")
    assert "profile" in refused("prune", "digits", "-o", "out", "--energy-left", "0.5", "--profile", "nobody")
