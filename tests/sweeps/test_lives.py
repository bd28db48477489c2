"""A worker lives as long as its process; where no lock can be seen, as long as it beats."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import optuna

from snnhw.sweeps.lives import BEAT, HOST, WORKER, WORKERS, Watch, beating, host, living, sweep_up

optuna.logging.set_verbosity(optuna.logging.ERROR)
HOLD = """
import sys, time
from pathlib import Path
from snnhw.sweeps.lives import living
with living(Path(sys.argv[1])) as name:
    print(name, flush=True)
    time.sleep(600)
"""


def running(worker, where):
    study = optuna.create_study()
    trial = study.ask()
    trial.set_user_attr(WORKER, worker)
    trial.set_user_attr(HOST, where)
    return study, trial


def test_a_lock_decides_on_the_machine_of_the_worker(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    name = child.stdout.readline().strip()
    study, _ = running(name, host())
    watch = Watch(tmp_path)
    assert not watch.dead(study.trials[0])
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert watch.dead(study.trials[0])
    with living(tmp_path) as me:
        sweep_up(tmp_path)
        assert [place.name for place in (tmp_path / WORKERS).iterdir()] == [me]


def test_a_worker_leaves_nothing_behind(tmp_path):
    with living(tmp_path) as name:
        assert (tmp_path / WORKERS / name).is_dir()
    assert not (tmp_path / WORKERS).exists()


def test_beats_decide_from_elsewhere_on_the_clock_of_the_one_who_looks(tmp_path):
    now = [0.0]
    study, trial = running("w", "elsewhere")
    watch = Watch(tmp_path, grace=10, clock=lambda: now[0])
    for at, beat, dead in ((0, 1, False), (9, 1, False), (10, 1, False), (11, 1, True), (12, 2, False), (23, 2, True)):
        now[0] = at
        trial.set_user_attr(BEAT, beat)
        assert watch.dead(study.trials[0]) is dead, at


def test_a_trial_that_nobody_took_is_given_up_in_time(tmp_path):
    now = [0.0]
    study = optuna.create_study()
    study.ask()
    watch = Watch(tmp_path, grace=10, clock=lambda: now[0])
    assert not watch.dead(study.trials[0])
    now[0] = 11
    assert watch.dead(study.trials[0])


def test_a_running_trial_beats():
    study, trial = running("w", host())
    with beating(trial, every=0.01):
        time.sleep(0.2)
    assert study.trials[0].user_attrs[BEAT] >= 2
