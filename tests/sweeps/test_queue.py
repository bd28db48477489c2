"""Every point is made once, whoever works and whoever is killed."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys

import pytest
from optuna.trial import TrialState

from snnhw.sweeps.lives import HOST, WORKER, Watch, host, living
from snnhw.sweeps.queue import ATTEMPTS, ERROR, GIVEN_UP, LOST, ROOT, Queue, attempt_of, folder_of, root_of
from snnhw.sweeps.reading import tried
from snnhw.sweeps.result import COMPLETE, FAILED
from snnhw.sweeps.sampler import ATTEMPT, SURPLUS, suggest
from snnhw.sweeps.storage import JOURNAL, open_study
from tests.sweeps.made import outcome, spec_in

WORK = """
import os, sys, time
from pathlib import Path
from snnhw.sweeps.lives import Watch, beating, living
from snnhw.sweeps.queue import Queue
from snnhw.sweeps.spec import read_spec
from snnhw.sweeps.storage import open_study
from tests.sweeps.made import outcome
folder, url, seconds = Path(sys.argv[1]), sys.argv[2] or None, float(sys.argv[3])
spec = read_spec(folder / "lean.toml")
queue = Queue(spec, open_study(spec, folder, url), Watch(folder))
with living(folder) as me:
    while (trial := queue.next(me)) is not None:
        print(queue.root(trial), flush=True)
        with beating(trial):
            time.sleep(seconds)
        queue.complete(trial, outcome(trial.params["arguments.timesteps"] / 10))
"""


def queue_in(folder, trials=12, sampler="tpe"):
    spec = spec_in(folder, trials, sampler)
    return Queue(spec, open_study(spec, folder), Watch(folder))


def worker(folder, url="", seconds=0.2):
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder), url, str(seconds)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
@pytest.mark.parametrize("database", [False, True])
def test_a_killed_worker_loses_nothing_and_nothing_counts_twice(tmp_path, database):
    spec, url = spec_in(tmp_path), f"sqlite:///{tmp_path}/s.db" if database else ""
    open_study(spec, tmp_path, url or None)
    victim, other = worker(tmp_path, url), worker(tmp_path, url)
    assert victim.stdout is not None and other.stdout is not None
    for _ in range(2):
        running = int(victim.stdout.readline())  # it has just begun this one
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    third = worker(tmp_path, url)
    assert third.wait(120) == 0 and other.wait(120) == 0
    study = open_study(spec, tmp_path, url or None)
    found = tried(study, tmp_path)
    assert [one.state for one in found] == [COMPLETE] * 12
    assert len({str(sorted(one.point.items())) for one in found}) == 12
    complete = [root_of(t) for t in study.trials if t.state == TrialState.COMPLETE]
    assert len(complete) == len(set(complete)) == 12  # not one point twice
    lost = [t for t in study.trials if LOST in t.user_attrs]
    assert [root_of(t) for t in lost] == [running] and lost[0].state == TrialState.FAIL
    (again,) = [t for t in study.trials if attempt_of(t) == 2]
    assert root_of(again) == running and again.params == lost[0].params


def test_a_budget_is_kept_though_two_workers_begin_at_once(tmp_path):
    queue = queue_in(tmp_path, trials=2)
    with living(tmp_path) as me:
        first, second = queue.next(me), queue.next(me)
        assert first is not None and second is not None
        third = queue.study.ask()  # of a worker that looked before the others began
        assert not queue._mine(third, me)
        queue.complete(first, outcome())
        queue.fail(second, "no such thing")
        assert queue.next(me) is None
    assert SURPLUS in queue.study.trials[2].user_attrs
    found = tried(queue.study, tmp_path)
    assert [(one.state, one.error) for one in found] == [(COMPLETE, ""), (FAILED, "no such thing")]
    more = Queue(dataclasses.replace(queue.spec, trials=3), queue.study, queue.watch)
    with living(tmp_path) as me:
        assert more.next(me) is not None  # what was one too many takes no place


def test_two_workers_that_draw_at_once_do_not_make_one_point_twice(tmp_path):
    queue = queue_in(tmp_path, sampler="grid")
    with living(tmp_path) as me:
        first, second = queue.study.ask(), queue.study.ask()
        assert first.relative_params == second.relative_params  # neither sees what the other draws
        assert queue._mine(first, me)
        assert queue._mine(second, me) is False
        assert SURPLUS in queue.study.trials[1].user_attrs
        third = queue.next(me)
        assert third is not None and third.params != first.params


def test_the_later_of_two_waits_until_the_earlier_has_drawn(tmp_path, monkeypatch):
    queue = queue_in(tmp_path, sampler="grid")
    with living(tmp_path) as me:
        first, second = queue.study.ask(), queue.study.ask()
        assert first.relative_params == second.relative_params
        looks = []

        def look(_seconds):
            looks.append(len(queue.study.trials[0].params))
            if len(looks) <= 3:
                suggest(first, queue.spec.space[len(looks) - 1])
            else:
                first.set_user_attr(ROOT, 0)

        monkeypatch.setattr("snnhw.sweeps.queue.time.sleep", look)
        assert queue._mine(second, me) is False and looks == [0, 1, 2, 3]


def test_who_dies_while_drawing_takes_no_place(tmp_path):
    queue = queue_in(tmp_path, trials=1)
    with living(tmp_path) as me:
        half = queue.study.ask()
        half.set_user_attr(HOST, host())
        half.set_user_attr(WORKER, "dead")
        (tmp_path / "workers" / "dead").mkdir()
        (tmp_path / "workers" / "dead" / ".snnhw-lock").touch()
        suggest(half, queue.spec.space[0])
        trial = queue.next(me)
        assert trial is not None and trial.number == 1 and SURPLUS in queue.study.trials[0].user_attrs
        queue.complete(trial, outcome(0.4))
        assert queue.next(me) is None
    (one,) = tried(queue.study, tmp_path)
    assert one.outcome == outcome(0.4)


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "grid"])
def test_points_and_folders_are_those_of_a_sweep_that_nobody_killed(tmp_path, sampler):
    points = []
    for name, killed in (("whole", {}), ("killed", {1: "making", 4: "making", 6: "drawing"})):
        (tmp_path / name).mkdir()
        queue, made = queue_in(tmp_path / name, 8, sampler), 0
        while True:
            with living(queue.watch._folder) as me:
                if killed.get(made) == "drawing":
                    half = queue.study.ask()
                    for attribute, value in ((HOST, host()), (WORKER, me)):
                        half.set_user_attr(attribute, value)
                    suggest(half, queue.spec.space[0])
                trial = None if killed.get(made) == "drawing" else queue.next(me)
                if killed.pop(made, None) is None:
                    if trial is None:
                        break
                    queue.complete(trial, outcome(trial.params["arguments.timesteps"] / 10))
                    made += 1
            (place := tmp_path / name / "workers" / me).mkdir(parents=True, exist_ok=True)
            (place / ".snnhw-lock").touch()  # which nobody holds
        points.append([(one.root, one.point, one.outcome) for one in tried(queue.study, tmp_path)])
    assert points[0] == points[1] and [root for root, _, _ in points[0]] == list(range(8))


def test_a_point_whose_worker_dies_again_and_again_is_given_up(tmp_path):
    queue = queue_in(tmp_path, trials=1)
    for at in range(ATTEMPTS):
        with living(tmp_path) as me:
            trial = queue.next(me)
            assert trial is not None and queue.root(trial) == 0 and attempt_of(queue.study.trials[-1]) == at + 1
            (tmp_path / "workers" / me / ".snnhw-lock").unlink()
            held = tmp_path / "workers" / me / ".snnhw-lock"
            held.touch()  # nobody holds this one
            queue.reap()
    with living(tmp_path) as me:
        assert queue.next(me) is None
    (one,) = tried(queue.study, tmp_path)
    assert one.state == FAILED and one.error == GIVEN_UP and one.attempts == ATTEMPTS


def test_who_was_given_up_has_no_say_any_more(tmp_path):
    queue = queue_in(tmp_path, trials=1)
    with living(tmp_path) as me:
        slow = queue.next(me)
        assert slow is not None
        queue.lose(queue.study.trials[0])
        queue.lose(queue.study.trials[0])  # two look at once
        queue.reap()
        queue.reap()
        again = queue.next(me)
        assert again is not None
        queue.complete(slow, outcome(0.9))
        queue.fail(slow, "late")
        queue.complete(again, outcome(0.4))
        assert queue.next(me) is None
    (one,) = tried(queue.study, tmp_path)
    assert one.outcome == outcome(0.4) and one.attempts == 2 and one.root == 0
    assert len(queue.trials()) == 2


def test_a_point_that_two_have_queued_again_is_made_once(tmp_path):
    queue = queue_in(tmp_path, trials=1)
    with living(tmp_path) as me:
        assert queue.next(me) is not None
        queue.lose(queue.study.trials[0])
        for _ in range(2):
            queue.study.enqueue_trial(dict(queue.study.trials[0].params), {ROOT: 0, ATTEMPT: 2})
        again = queue.next(me)
        assert again is not None
        queue.complete(again, outcome())
        assert queue.next(me) is None
    assert sum(t.state == TrialState.COMPLETE for t in queue.study.trials) == 1


def test_a_trial_says_where_it_is_made(tmp_path):
    queue = queue_in(tmp_path)
    with living(tmp_path) as me:
        queue.next(me)
        attrs = queue.study.trials[0].user_attrs
        assert attrs[WORKER] == me and attrs[HOST] == host() and ERROR not in attrs
    assert folder_of(tmp_path, 7) == tmp_path / "trials" / "0007"
    assert (tmp_path / JOURNAL).is_file()
