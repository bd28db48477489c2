import dataclasses
import subprocess
from datetime import datetime, timedelta, timezone

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report import stamp as module
from snnhw.analysis.report.stamp import Origin, make_stamp, profile_checksum


def stamp(**changes):
    return make_stamp(Origin("m", "a"), Origin("d", "b"), **{"command": "snnhw report", **changes})


def test_stamp_names_versions_profiles_and_command():
    found = stamp(profiles=[load_profile("horowitz45-fp32")], seed=7)
    assert set(found.versions) == {"python", "snnhw", "torch", "numpy", "nir"}
    assert "not installed" not in found.versions.values()
    assert list(found.profiles) == ["horowitz45-fp32"]
    assert (found.seed, found.command) == (7, "snnhw report")
    assert (found.model, found.weights_checksum, found.data, found.data_checksum) == ("m", "a", "d", "b")


def test_date_is_utc_whatever_zone_it_is_given_in():
    east = timezone(timedelta(hours=5))
    assert stamp(date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=east)).date == "2026-01-01T22:04:05+00:00"


def test_the_date_of_stored_counts_is_that_of_pricing_and_says_so():
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    run, priced = stamp(date=at), stamp(date=at, stored=True)
    assert run.counted == run.date == priced.date and run.day == "2026-01-02"
    assert (priced.counted, priced.day) == ("not kept", "priced 2026-01-02, counted: not kept")


def test_command_is_that_of_the_program_without_its_path(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/some/where/snnhw", "report", "my model"])
    assert stamp(command=None).command == "snnhw report 'my model'"


def test_profile_checksum_follows_the_numbers():
    profile = load_profile("horowitz45-fp32")
    changed = dataclasses.replace(profile, technology_nm=profile.technology_nm + 1)
    assert profile_checksum(profile) == profile_checksum(load_profile("horowitz45-fp32"))
    assert profile_checksum(profile) != profile_checksum(changed)


def test_commit_is_that_of_the_checkout_only_if_the_package_is_tracked(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ("-c", "user.name=t", "-c", "user.email=t@t")
        done = subprocess.run(("git", *identity, *arguments), cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    package = tmp_path / "snnhw"
    package.mkdir()
    (package / "stamp.py").write_text("")
    (tmp_path / "other").write_text("")
    monkeypatch.setattr(module, "__file__", str(package / "stamp.py"))
    assert stamp().commit is None
    git("init")
    git("add", "other")
    git("commit", "-m", "other")
    assert stamp().commit is None
    git("add", ".")
    git("commit", "-m", "all")
    head = git("rev-parse", "HEAD")
    assert stamp().commit == head
    (package / "stamp.py").write_text("changed = True")
    assert stamp().commit == f"{head}-dirty"
