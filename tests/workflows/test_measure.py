"""Network and twin on a machine of known power: what is run, and the profile that a report reads back."""

import dataclasses
import json

import pandas as pd
import pytest
import torch

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.metering.meter import Plan
from snnhw.analysis.report.writing import write_report
from snnhw.errors import InputError
from snnhw.workflows.load import load_model
from snnhw.workflows.measure import MeasureOptions, measure, write_measurement
from snnhw.workflows.report import ReportOptions, build_report
from snnhw.workflows.twin import twin_frames
from tests.analysis.metering.machine import Machine

PLAN = Plan(repetitions=4, seconds=1.0, idle_seconds=1.0, idle_windows=1, warm_up_seconds=0.0)


class Ticking(Machine):
    """A machine on which a module takes a quarter of a second a call, the twin a tenth of its energy."""

    def __init__(self, monkeypatch):
        super().__init__()
        self.seen = []
        call = torch.nn.Module.__call__

        def timed(module, *args, **kwargs):
            whole = type(module).__name__ == "DSResNet"
            if whole:
                spiking = any(type(m).__name__ == "MLF" for m in module.modules())
                self.seen.append((spiking, module.training, tuple(args[0].shape)))
                self.joules = 1.0 if spiking else 0.1
                self.runs()
            return call(module, *args, **kwargs)

        monkeypatch.setattr(torch.nn.Module, "__call__", timed)


@pytest.fixture
def measured(digits, some, monkeypatch):
    machine = Ticking(monkeypatch)
    options = MeasureOptions(batch=2, plan=PLAN)
    made = measure(digits, some, options, open_with=lambda device: machine.counter(), clock=machine.clock)
    return made, machine


def test_network_and_twin_run_in_batches_of_their_own_frames(measured, digits, some):
    made, machine = measured
    runs = {spiking: {shape for s, _, shape in machine.seen if s == spiking} for spiking in (True, False)}
    assert runs == {True: {(2, 1, 8, 8)}, False: {(2, 1, 8, 8)}}
    assert not any(training for _, training, _ in machine.seen)
    assert twin_frames(digits, some).shape == (24, 1, 1, 8, 8)
    assert made.workload.timesteps == digits.graph.timesteps and made.workload.dense_macs > 0
    assert digits.network is not None and not digits.network.training


def test_energies_by_hand(measured):
    """A call of two samples takes 0.25 s; 5 W idle; 1 J for the network, 0.1 J for the twin."""
    made, _ = measured
    assert [found.typical for found in made.energies("work")] == pytest.approx([0.5, 0.05])
    assert [found.typical for found in made.energies("whole")] == pytest.approx([(1.25 + 1) / 2, (1.25 + 0.1) / 2])
    frame = made.frame()
    assert list(frame["run"]) == ["network"] * 4 + ["ann twin"] * 4 and set(frame["idle_power_w"]) == {5.0}
    assert frame["dynamic_power_w"].iloc[0] == pytest.approx(1 / 0.25)
    assert frame["inference_rate_per_s"].iloc[0] == pytest.approx(8)
    told = made.to_dict()
    assert told["scope"] == "package" and json.dumps(told)
    assert told["network"]["above_idle_joule_per_inference"]["typical"] == pytest.approx(0.5)


def test_a_measurement_is_read_back_as_two_profiles_of_different_scope(measured, digits, some, tmp_path):
    made, _ = measured
    assert write_measurement(made, tmp_path) == tmp_path / "work.toml"
    rows = pd.read_csv(tmp_path / "measured.csv")
    assert len(rows) == 8 and rows["energy_per_inference_j"][0] == pytest.approx(1.125)
    work, whole = (load_profile(tmp_path / name) for name in ("work.toml", "whole.toml"))
    assert (work.scope, whole.scope) == ("package_dynamic", "package")
    assert {c.kind for c in work.constants.values()} == {"measured"} and work.number_bits == 32
    options = ReportOptions((str(tmp_path / "work.toml"), str(tmp_path / "whole.toml"), "loihi1-davies2018"))
    report = build_report(digits, some, options)
    for profile, kind in ((work, "work"), (whole, "whole")):
        network, twin = made.energies(kind)
        assert report.energy[profile.name].per_inference.ends == pytest.approx(network.ends)
        assert report.ann[profile.name]["fp32"].per_inference.ends == pytest.approx(twin.ends)
        assert list(report.ann[profile.name]) == ["fp32"]
        assert report.energy[profile.name].scope == report.ann[profile.name]["fp32"].scope == profile.scope
    page = write_report(report, tmp_path / "report").read_text()
    assert "what the work adds to the draw of the processor package" in page and "Machine 9000" in page


def test_a_profile_of_one_network_prices_no_other(measured, some, tmp_path):
    made, _ = measured
    write_measurement(made, tmp_path)
    longer = load_model("digits").graph
    other = dataclasses.replace(load_model("digits"), graph=longer.replace(timesteps=longer.timesteps + 1))
    with pytest.raises(InputError, match=r"is a measurement of .* measure this network with snnhw measure"):
        build_report(other, some, ReportOptions((str(tmp_path / "work.toml"),)))


def test_files_of_something_else_stay(measured, tmp_path):
    (tmp_path / "work.toml").write_text("mine = 1\n")
    with pytest.raises(InputError, match=r"work.toml exists and is of no measurement"):
        write_measurement(measured[0], tmp_path)


def test_what_cannot_be_measured_is_refused_before_anything_runs(digits, some):
    def run(model, inputs=some, **options):
        def nothing(device):
            raise AssertionError("the counter is not asked for")

        measure(model, inputs, MeasureOptions(**options), open_with=nothing)

    with pytest.raises(InputError, match=r"is a graph without a torch module"):
        run(dataclasses.replace(digits, network=None))
    with pytest.raises(InputError, match=r"neurons of another framework"):
        run(dataclasses.replace(digits, calling=object()))
    with pytest.raises(InputError, match=r"24 samples and a batch takes 25; give more, or a smaller batch"):
        run(digits, batch=25)
    with pytest.raises(InputError, match=r"nowhere"):
        run(digits, ann="nowhere")
