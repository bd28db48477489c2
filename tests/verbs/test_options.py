"""Options that several verbs share are spelled alike, and no verb changes their names."""

import inspect
import sys
from typing import get_type_hints

import pytest
import torch
from typer.main import get_command

from snnhw.cli import VERBS, app, main
from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.simulation.execution import current_device
from snnhw.verbs import options

READING = {"dt", "written_by", "reset", "timesteps"}
READERS = ("evaluate", "export", "check", "quantise", "simulate", "verify", "report", "compare", "map")


@pytest.mark.parametrize("verb", READERS)
def test_every_verb_that_reads_a_model_takes_the_whole_reading(verb):
    assert set(inspect.signature(VERBS[verb]).parameters) >= READING


@pytest.mark.parametrize("verb", ("evaluate", "export", "quantise", "simulate", "verify", "report", "compare"))
def test_every_verb_that_runs_samples_takes_their_kind(verb):
    assert "kind" in inspect.signature(VERBS[verb]).parameters


ON_DEVICES = {
    "evaluate": (),
    "simulate": ("--input", "digits:test"),
    "quantise": ("--calibrate", "digits:train", "-o", "x.nir"),
    "verify": ("--input", "digits:test"),
    "report": ("--input", "digits:test", "--out", "out"),
    "compare": ("--input", "digits:test"),
}


@pytest.mark.parametrize("verb", ON_DEVICES)
def test_a_device_that_is_not_there_is_refused_before_anything_is_done(verb, refused, monkeypatch, tmp_path):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    said = refused(verb, "digits", *ON_DEVICES[verb], "--device", "cuda")
    assert "The device cuda needs an NVIDIA GPU, and " in said and not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", ON_DEVICES)
def test_a_workflow_runs_within_its_device(verb, monkeypatch, tmp_path):
    """Where the model is loaded, the device is the one that was typed, and afterwards the CPU again."""
    seen = []

    class StoppedError(Exception):
        pass

    def look(*arguments, **options):
        seen.append(str(current_device()))
        raise StoppedError

    monkeypatch.chdir(tmp_path)
    for place in ("snnhw.workflows.load.load_model", "snnhw.workflows.load.load_models"):
        monkeypatch.setattr(place, look)
    monkeypatch.setattr(sys, "argv", ["snnhw", verb, "digits", *ON_DEVICES[verb], "--device", "cpu:0"])
    with pytest.raises(StoppedError):
        main()
    assert seen == ["cpu:0"] and current_device() == torch.device("cpu")


OWN_WAY = {("measure", "device"), ("evaluate", "timesteps")}  # evaluate makes a table of several T


@pytest.mark.parametrize("verb", VERBS)
def test_an_option_of_one_name_is_one_option(verb):
    shared = {"dt": options.Dt, "reset": options.Reset, "timesteps": options.Timesteps, "as_json": options.Json}
    shared |= {
        "written_by": options.WrittenBy,
        "data": options.Data,
        "device": options.Device,
        "dialect": options.Dialect,
        "kind": options.Kind,
    }
    for name, kind in get_type_hints(VERBS[verb], include_extras=True).items():
        assert name not in shared or kind == shared[name] or (verb, name) in OWN_WAY, name


def test_the_help_lists_the_frameworks_whose_files_are_read():
    (option,) = options.WrittenBy.__metadata__
    names, _, rest = option.help.partition(": ")[2].partition("; ")
    assert names == "lava-dl, norse, rockpool, sinabs, snntorch, spikingjelly, spyx" and rest.startswith("nir: ")
    for name in (*names.split(", "), "nir"):
        assert Reading(written_by=name).convention().name == name


def test_an_option_of_several_values_shows_each_with_a_space_between():
    """The form is `--stuck 0.1 0.2`; without a name for each, the help shows it as `<float,float>...`."""
    found = {}
    groups = {name: getattr(one, "commands", {"": one}) for name, one in get_command(app).commands.items()}
    for verb, command in (
        (f"{group} {name}".strip(), one) for group, them in groups.items() for name, one in them.items()
    ):
        for option in command.params:
            if option.nargs > 1:
                assert option.metavar is not None and len(option.metavar.split()) == option.nargs, (verb, option.opts)
                found[verb, option.opts[0]] = option.metavar
    assert found == {("crossbar", "--stuck"): "ON OFF", ("export", "--input-range"): "LOW HIGH"}


def test_a_folder_of_data_needs_a_data_set(tmp_path):
    for sources in ((), (None,), ("x.npy",), (None, "x.npz")):
        options.check_data(None, *sources)
        with pytest.raises(InputError, match="leave it out, or name a data set"):
            options.check_data(tmp_path, *sources)
    options.check_data(tmp_path, "x.npy", "mnist:train")
