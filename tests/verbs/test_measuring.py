"""snnhw measure: a refusal in one sentence where no counter can be read, and a run on a machine of known power."""

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.metering import counters
from snnhw.analysis.metering.meter import Clock
from snnhw.workflows import measure as workflow
from tests.analysis.metering.machine import Machine


def test_no_counter_no_measurement(refused, monkeypatch, tmp_path):
    monkeypatch.setattr(counters, "RAPL_FOLDERS", (str(tmp_path / "none"),))
    assert "shows no RAPL energy counter" in refused("measure", "digits", "--out", "out")
    assert not (tmp_path / "out").exists()
    assert "no device 'tpu'; did you mean 'cpu'?" in refused("measure", "digits", "--device", "tpu")
    assert "nothing.nir" in refused("measure", "nothing.nir")


def test_a_measurement_is_printed_and_kept(call, monkeypatch, tmp_path):
    """5 W of idling; 0.1 s pass whenever the time is asked for, and work draws 3 W more in them."""
    machine = Machine()

    def now():
        machine.passes(0.1)
        machine.energy += 0.3
        return machine.time

    monkeypatch.setitem(counters.COUNTERS, "cpu", lambda index: machine.counter())
    monkeypatch.setattr(workflow, "Clock", lambda: Clock(now, machine.passes))
    wanted = ("--samples", "4", "--repetitions", "2", "--seconds", "1", "--out", "out")
    told = call("measure", "digits", *wanted, "--json", "-q")
    assert (told["machine"], told["scope"], told["batch"]) == ("Machine 9000", "package", 1)
    assert len(told["network"]["repetitions"]) == len(told["twin"]["repetitions"]) == 2
    profile = load_profile("out/work.toml")
    printed = told["network"]["above_idle_joule_per_inference"]["typical"]
    assert abs(profile["network_inference"].typical / printed - 1) < 1e-9
    report = call("report", "digits", "--input", "digits:test", "--samples", "4", "--out", "page", "--json", "-q",
                  "--profile", "out/work.toml")  # fmt: skip
    assert report["energy"][profile.name]["per_inference"]["typical"] == profile["network_inference"].typical
    assert report["ann"][profile.name]["fp32"]["scope"] == "package_dynamic"
    out = " ".join(call("measure", "digits", *wanted, "-q").split())
    assert "covers everything that the processor package draws" in out and "profile: out/work.toml" in out
