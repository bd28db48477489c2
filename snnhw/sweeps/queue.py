"""Which trial a worker makes next, and what becomes of those whose worker was killed.

A point of the sweep has a root, its number among the points in the order of their first trials; a trial whose worker
died is marked failed and its point is queued again under the same root, so that it goes on in the same run folder. Of
one root at most one trial counts. Trials that are none, and second ones, have no part in that number, so that the
points and folders of a sweep that was killed are those of one that was not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from snnhw.errors import InputError
from snnhw.sweeps.lives import HOST, WORKER, Watch, host
from snnhw.sweeps.outcome import Outcome
from snnhw.sweeps.sampler import ATTEMPT, SURPLUS, earlier_points, suggest
from snnhw.sweeps.spec import Spec

ROOT, LOST, ERROR, OUTCOME = "root", "lost", "error", "outcome"
ATTEMPTS = 3  # of one point, whose worker dies each time
POLL_S = 1.0  # between looks at trials that others run
DRAW_S = 0.05  # between looks at trials whose points others are just drawing
GIVEN_UP = f"its worker died {ATTEMPTS} times; perhaps the memory of the machine is not enough"


def root_of(trial: FrozenTrial) -> int:
    """The number of the point; of a trial that has none yet, its own, which is no smaller than that of any point."""
    return int(trial.user_attrs.get(ROOT, trial.number))


def attempt_of(trial: FrozenTrial) -> int:
    """Which try at its point a trial is, from 1."""
    return int(trial.user_attrs.get(ATTEMPT, 1))


@dataclass(frozen=True, eq=False)
class Queue:
    """The trials of one sweep, as one worker sees them."""

    spec: Spec
    study: optuna.Study
    watch: Watch

    def trials(self) -> list[FrozenTrial]:
        """All that count: without those beyond the budget."""
        return [t for t in self.study.get_trials(deepcopy=False) if SURPLUS not in t.user_attrs]

    def next(self, worker: str) -> optuna.Trial | None:
        """A trial to make; None when all are finished. Waits while others run, whose points may come back."""
        while True:
            self.reap()
            found = self.trials()
            waiting = any(t.state == TrialState.WAITING for t in found)
            if not waiting and len({root_of(t) for t in found}) >= self.spec.budget:
                if not any(t.state == TrialState.RUNNING for t in found):
                    return None
                time.sleep(POLL_S)
                continue
            trial = self.study.ask()
            with suppress(UpdateFinishedTrialError):  # others took this worker for dead while it drew
                if self._mine(trial, worker):
                    return trial

    def _mine(self, trial: optuna.Trial, worker: str) -> bool:
        """Take a trial that was just begun, unless it is one too many."""
        trial.set_user_attr(HOST, host())
        trial.set_user_attr(WORKER, worker)
        found = self.trials()
        own = next(t for t in found if t.number == trial.number)
        if ATTEMPT in own.user_attrs:
            others = [t for t in found if root_of(t) == root_of(own) and t.number != own.number]
            taken = any(
                t.state == TrialState.COMPLETE or (t.state == TrialState.RUNNING and t.number < own.number)
                for t in others
            )
        else:
            taken = earlier_points(found, own.number) >= self.spec.budget
        if taken:
            return self._surplus(trial)
        _ = trial.relative_params  # a point that is tried again keeps its values, and gets its generation of NSGA-II
        for dimension in self.spec.space:
            suggest(trial, dimension)
        if ATTEMPT not in own.user_attrs:
            earlier = self._earlier(trial.number)
            # Two workers that draw at once may draw the same; where the space has no end, it is the sampler's will.
            if self.spec.size is not None and any(t.params == trial.params for t in earlier):
                return self._surplus(trial)
            trial.set_user_attr(ROOT, earlier_points(earlier, trial.number))
        return True

    def _surplus(self, trial: optuna.Trial) -> bool:
        trial.set_user_attr(SURPLUS, True)
        self.study.tell(trial, state=TrialState.FAIL)
        return False

    def _earlier(self, number: int) -> list[FrozenTrial]:
        """The trials before this one, when it is known of each which point it has, or that it is none."""
        while True:
            self.reap()
            earlier = [t for t in self.trials() if t.number < number]
            if not any(t.state == TrialState.RUNNING and ROOT not in t.user_attrs for t in earlier):
                return earlier
            time.sleep(DRAW_S)

    def root(self, trial: optuna.Trial) -> int:
        """The root of a trial that is being made."""
        return int(trial.user_attrs[ROOT])

    def complete(self, trial: optuna.Trial, outcome: Outcome) -> None:
        """Keep the outcome of a trial; one that was given up in between has no say any more."""
        try:
            trial.set_user_attr(OUTCOME, outcome.to_dict())
            trial.set_constraint("chips", float(outcome.over))
            signs = (-1 if objective == "accuracy" else 1 for objective in self.spec.objectives)
            losses = outcome.losses(self.spec.objectives)
            self.study.tell(trial, [sign * loss for sign, loss in zip(signs, losses, strict=True)])
        except (UpdateFinishedTrialError, ValueError) as error:
            if not self._given_up(trial):
                raise InputError(f"The storage refuses the outcome of a trial ({error}); mend the storage.") from error

    def fail(self, trial: optuna.Trial, sentence: str) -> None:
        """Keep why a trial failed; it is not tried again."""
        try:
            trial.set_user_attr(ERROR, sentence)
            self.study.tell(trial, state=TrialState.FAIL)
        except (UpdateFinishedTrialError, ValueError):
            if not self._given_up(trial):
                raise

    def _given_up(self, trial: optuna.Trial) -> bool:
        return any(t.number == trial.number and LOST in t.user_attrs for t in self.study.get_trials(deepcopy=False))

    def reap(self) -> None:
        """Mark trials failed whose worker is gone, and queue their points again, each once."""
        for trial in self.trials():
            if trial.state == TrialState.RUNNING and self.watch.dead(trial):
                self.lose(trial)
        found = self.trials()
        last = {root_of(t): max(attempt_of(o) for o in found if root_of(o) == root_of(t)) for t in found}
        done = {root_of(t) for t in found if t.state == TrialState.COMPLETE}
        for trial in found:
            root, attempt = root_of(trial), attempt_of(trial)
            lost = trial.state == TrialState.FAIL and LOST in trial.user_attrs
            if lost and attempt == last[root] and attempt < ATTEMPTS and root not in done:
                last[root] += 1
                self.study.enqueue_trial(dict(trial.params), {ROOT: root, ATTEMPT: attempt + 1})

    def lose(self, trial: FrozenTrial) -> None:
        """Mark a running trial as one whose worker died; another who looks may have done so already.

        A worker that died while it drew has begun no point: its trial takes no place.
        """
        attrs: Mapping[str, Any] = {LOST: True, **({ERROR: GIVEN_UP} if attempt_of(trial) >= ATTEMPTS else {})}
        if ROOT not in trial.user_attrs:
            attrs = {SURPLUS: True}
        try:
            for name, value in attrs.items():
                self.study._storage.set_trial_user_attr(trial._trial_id, name, value)
            self.study.tell(trial.number, state=TrialState.FAIL)
        except (RuntimeError, ValueError):  # finished in between
            return


def folder_of(folder: Path, root: int) -> Path:
    """Run folder of a point."""
    return folder / "trials" / f"{root:04d}"
