"""A point is read once, with its best known state."""

from __future__ import annotations

from snnhw.sweeps.lives import Watch, living
from snnhw.sweeps.queue import Queue
from snnhw.sweeps.reading import tried
from snnhw.sweeps.result import COMPLETE, FAILED, RUNNING, WAITING
from snnhw.sweeps.storage import open_study
from tests.sweeps.made import outcome, spec_in


def test_a_point_goes_through_its_states(tmp_path):
    spec = spec_in(tmp_path, trials=1)
    queue = Queue(spec, open_study(spec, tmp_path), Watch(tmp_path))

    def state():
        (one,) = tried(queue.study, tmp_path)
        return one.state, one.attempts, one.error

    with living(tmp_path) as me:
        queue.next(me)
        assert state() == (RUNNING, 1, "")
        queue.lose(queue.study.trials[0])
        assert state() == (FAILED, 1, "its worker was killed")
        queue.reap()
        assert state() == (WAITING, 2, "")
        again = queue.next(me)
        assert again is not None and state() == (RUNNING, 2, "")
        queue.complete(again, outcome())
        assert state() == (COMPLETE, 2, "")
    (one,) = tried(queue.study, tmp_path)
    assert one.folder == str(tmp_path / "trials" / "0000") and one.outcome == outcome() and one.seconds > 0
    assert one.point == again.params
