"""The run stamp: all that somebody needs to get the same numbers again."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from snnhw.analysis.hardware.profiles import Profile

PACKAGES = ("snnhw", "torch", "numpy", "nir")
NOT_KEPT = "not kept"  # when stored counts were counted: files of one run are equal whenever and wherever it ran


@dataclass(frozen=True)
class RunStamp:
    """Who computed what from what."""

    versions: Mapping[str, str]  # python and packages
    model: str
    weights_checksum: str  # sha256 of the file with the weights
    data: str
    data_checksum: str  # sha256 of the samples
    profiles: Mapping[str, str]  # name -> sha256 of its content
    seed: int | None
    commit: str | None  # of the checkout that ran, "-dirty" behind it if files differ from it
    date: str  # UTC, ISO 8601; of stored counts that of pricing
    command: str
    counted: str  # `date`, or NOT_KEPT of stored counts

    @property
    def day(self) -> str:
        """The date without the time of day, with a word where nothing was counted then."""
        return dated(self.date[:10], self.counted)

    def to_dict(self) -> dict[str, object]:
        """The `stamp` of report.json."""
        return asdict(self)


@dataclass(frozen=True)
class Origin:
    """What went into a run, by name and content."""

    name: str
    checksum: str  # sha256


def make_stamp(
    model: Origin,
    data: Origin,
    *,
    profiles: Iterable[Profile] = (),
    seed: int | None = None,
    command: str | None = None,
    date: datetime | None = None,
    stored: bool = False,
) -> RunStamp:
    """Stamp of a run on this machine, now.

    Args:
        model: the network, with the sha256 of its weights.
        data: the samples, such as "digits:test".
        profiles: the ones that priced the counts.
        seed: of the training, None if unknown.
        command: what was typed; None takes it from the running program.
        date: None takes the time of day.
        stored: the counts come from a file, which does not say when they were counted.
    """
    typed = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]) if command is None else command
    now = datetime.now(timezone.utc) if date is None else date.astimezone(timezone.utc)
    at = now.isoformat(timespec="seconds")
    return RunStamp(
        versions={"python": platform.python_version(), **_versions()},
        model=model.name,
        weights_checksum=model.checksum,
        data=data.name,
        data_checksum=data.checksum,
        profiles={profile.name: profile_checksum(profile) for profile in profiles},
        seed=seed,
        commit=_commit(),
        date=at,
        command=typed,
        counted=NOT_KEPT if stored else at,
    )


def dated(date: str, counted: str) -> str:
    """A date as it is shown: that of stored counts is the date of their pricing alone."""
    return f"priced {date}, counted: {NOT_KEPT}" if counted == NOT_KEPT else date


def profile_checksum(profile: Profile) -> str:
    """sha256 of what the profile says, whatever its file looks like."""
    return hashlib.sha256(json.dumps(asdict(profile), sort_keys=True).encode()).hexdigest()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _commit() -> str | None:
    """Commit of the checkout that holds this package; None if it was installed, or git is not there."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(("git", *arguments), cwd=folder, capture_output=True, text=True, timeout=5)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    if (
        git("ls-files", "--error-unmatch", Path(__file__).name) is None
    ):  # an environment inside somebody else's checkout
        return None
    head = git("rev-parse", "HEAD")
    return head if head is None or git("diff-index", "--quiet", "HEAD", "--") is not None else f"{head}-dirty"
