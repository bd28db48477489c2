"""Two workers, one of them killed in the middle of a training."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.sweeps.result import COMPLETE
from snnhw.sweeps.storage import open_study
from snnhw.workflows.sweep import Place, result_of
from snnhw.workflows.sweep_workers import MOST_WORKERS, sweep
from tests.workflows.test_sweep import small


def kill_one(folder: Path, killed: list[str]) -> None:
    """Kill the first worker that has a trial folder to work in."""
    for _ in range(3000):
        time.sleep(0.1)
        workers = sorted((folder / "workers").glob("*")) if (folder / "workers").exists() else []
        if workers and list((folder / "trials").glob("*/metrics.csv")):
            name = workers[0].name
            killed.append(name)
            os.kill(int(name.split("-")[-2]), signal.SIGKILL)
            return


@pytest.mark.very_slow
def test_a_worker_that_is_killed_is_replaced_and_its_trial_made_again(tmp_path):
    spec, place, killed = small(tmp_path), Place(tmp_path / "out"), list[str]()
    killer = threading.Thread(target=kill_one, args=(place.folder, killed))
    killer.start()
    result = sweep(spec, place, workers=2)
    killer.join()
    assert len(killed) == 1 and [one.state for one in result.tried] == [COMPLETE] * 4
    assert len({str(sorted(one.point.items())) for one in result.tried}) == 4
    assert all((Path(one.folder) / "counts.parquet").is_file() for one in result.tried)
    trials = open_study(spec, place.folder).trials
    complete = [t for t in trials if t.state.name == "COMPLETE"]
    assert len(complete) == 4
    by_killed = [t for t in trials if t.user_attrs.get("worker") == killed[0]]
    assert all(t.state.name in ("COMPLETE", "FAIL") for t in by_killed)
    assert result_of(spec, place).tried == result.tried


@pytest.mark.parametrize("workers", [0, -1, MOST_WORKERS + 1])
def test_no_worker_is_refused_and_so_are_too_many(tmp_path, workers):
    with pytest.raises(InputError, match="give 1 to 256"):
        sweep(small(tmp_path), Place(tmp_path), workers)
