"""What a study knows of every point of a sweep, each point once."""

from __future__ import annotations

from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from snnhw.sweeps.lives import HOST
from snnhw.sweeps.outcome import outcome_from
from snnhw.sweeps.queue import ERROR, LOST, OUTCOME, ROOT, attempt_of, folder_of, root_of
from snnhw.sweeps.result import COMPLETE, FAILED, RUNNING, WAITING, Tried
from snnhw.sweeps.sampler import SURPLUS

STATES = {TrialState.COMPLETE: COMPLETE, TrialState.RUNNING: RUNNING, TrialState.WAITING: WAITING}
BEFORE = (TrialState.COMPLETE, TrialState.RUNNING, TrialState.WAITING, TrialState.FAIL)  # which trial of a point counts


def tried(study: optuna.Study, folder: Path) -> tuple[Tried, ...]:
    """All points by number; of several trials of one the first that is complete counts, else the last."""
    by_root: dict[int, list[FrozenTrial]] = {}
    for trial in study.get_trials(deepcopy=False):
        drawing = trial.state == TrialState.RUNNING and ROOT not in trial.user_attrs
        if SURPLUS not in trial.user_attrs and not drawing:
            by_root.setdefault(root_of(trial), []).append(trial)
    return tuple(_tried(root, of, folder) for root, of in sorted(by_root.items()))


def _tried(root: int, trials: list[FrozenTrial], folder: Path) -> Tried:
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    one = (
        min(complete, key=lambda t: t.number)
        if complete
        else min(trials, key=lambda t: (BEFORE.index(t.state), -t.number))
    )
    state = STATES.get(one.state, FAILED)
    attrs, duration = one.user_attrs, one.duration
    error = str(attrs.get(ERROR, "its worker was killed" if LOST in attrs else "")) if state == FAILED else ""
    return Tried(
        root,
        state,
        dict(one.params),
        outcome_from(attrs[OUTCOME]) if complete else None,
        error,
        max(attempt_of(trial) for trial in trials),
        str(folder_of(folder, root)),
        str(attrs.get(HOST, "")),
        0.0 if duration is None else duration.total_seconds(),
    )
