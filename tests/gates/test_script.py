"""Networks that a Python file of the user's own builds: what it names, what it says, and how it fails."""

import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.gates.script import is_script
from snnhw.graph.ir import Linear
from snnhw.nir.reading import Reading
from snnhw.workflows.load import load_model, load_models

FILE = """
from dataclasses import dataclass

import snntorch as snn
import torch
from torch import nn

import snnhw
import beside
from snnhw.nn import MLF, Frames, MeanOverTime

print("noise")
INPUT_SHAPE = (1, 2, 3)


@dataclass
class Widths:
    hidden: int = beside.HIDDEN


class Net(nn.Sequential):
    def __init__(self, hidden=Widths().hidden):
        torch.manual_seed(0)
        super().__init__(nn.Flatten(), nn.Linear(6, hidden), snn.Leaky(0.9, init_hidden=True), nn.Linear(hidden, 4))


class Says(Net):
    timesteps, input_shape = 5, (6,)


def ours():
    return nn.Sequential(Frames(3), nn.Flatten(), nn.Linear(6, 4), MLF(timesteps=3), MeanOverTime(3))


network = Net()
finished = snnhw.model_of(Net(7), (6,), name="mine", timesteps=9)
number = 5


def needs(width):
    return Net(width)


def fails():
    return {}["weights"]


def leaves():
    raise SystemExit(3)
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    (tmp_path / "beside.py").write_text("HIDDEN = 8\n")
    path = tmp_path / "a_net_of_mine.py"
    path.write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize(
    ("name", "reading", "shape", "steps"),
    [
        ("network", Reading(timesteps=4), (1, 2, 3), 4),
        ("Net", Reading(timesteps=4, input_shape=(2, 1, 3)), (2, 1, 3), 4),
        ("Says", Reading(), (6,), 5),
        ("Says", Reading(timesteps=7, input_shape=(1, 6, 1)), (1, 6, 1), 7),
        ("ours", Reading(), (1, 2, 3), 3),
        ("ours", Reading(timesteps=6), (1, 2, 3), 6),
        ("finished", Reading(), (6,), 9),
    ],
)
def test_a_name_is_a_network_with_the_frame_and_the_steps_that_are_said(file, name, reading, shape, steps, capsys):
    model = load_model(f"{file}:{name}", reading)
    assert (model.graph.input.shape, model.graph.timesteps) == (shape, steps)
    assert isinstance(model.network, nn.Module) and not model.network.training
    (first, *_) = model.graph.of_type(Linear)
    by_hand = next(m for m in model.network.modules() if isinstance(m, nn.Linear))
    assert torch.equal(torch.from_numpy(first.weight).float(), by_hand.weight)
    said = capsys.readouterr()
    assert said.out == "" and "noise" in said.err
    assert model.name == ("mine" if name == "finished" else name)


def test_a_module_that_can_be_imported_is_named_with_dots(file):
    (file.parent / "packed").mkdir()
    (file.parent / "packed" / "net.py").write_text(FILE.replace("class Says", "class Other"))
    assert load_model("packed.net:Other").timesteps == 5


def test_two_networks_of_a_file_are_compared_by_their_names(file):
    found = load_models([f"{file}:Says", f"{file}:network", "digits"], Reading(timesteps=4))
    assert list(found) == ["Says", "network", "digits"] and {m.graph.timesteps for m in found.values()} == {4}
    both = load_models([f"{file}:network", "digits"], Reading(timesteps=4, input_shape=(6,)))
    assert both["network"].graph.input.shape == (6,)


REFUSED = {
    "": (
        r"a_net_of_mine\.py is a file, .* as in FILE\.py:NAME; it has Net, Says, ours, network, finished, fails, leaves"
    ),
    ":nothing": "has no nothing; it has Net",
    ":number": "is of type int; name a torch module",
    ":needs": "needs the arguments width",
    ":fails": r"fails \(a_net_of_mine\.py line \d+, KeyError: 'weights'\); mend it",
    ":leaves": "SystemExit: 3",
    ":network": "give timesteps=T",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_network_is_refused_with_the_place(file, name):
    with pytest.raises(InputError, match=REFUSED[name]):
        load_model(f"{file}{name}")


def test_files_that_fail_are_told_by_their_line(file):
    file.write_text("INPUT_SHAPE = (1, 2, 3)\nimport nowhere_to_be_found\n")
    with pytest.raises(InputError, match=r"mine\.py line 2, ModuleNotFoundError: .* .nowhere_to_be_found."):
        load_model(f"{file}:network")
    file.write_text("def broken(:\n")
    with pytest.raises(InputError, match=r"SyntaxError: .*\(a_net_of_mine\.py, line 1\)"):
        load_model(f"{file}:network")
    file.write_text("from torch import nn\nnetwork = nn.Linear(3, 2)\n")
    with pytest.raises(InputError, match="does not say how large a frame is; give --input-shape"):
        load_model(f"{file}:network")
    with pytest.raises(InputError, match=r"There is no file .*missing\.py"):
        load_model(file.parent / "missing.py:network")
    with pytest.raises(InputError, match=r"There is no Python module nowhere_at_all; give FILE\.py:NAME"):
        load_model("nowhere_at_all:network")


def test_what_a_finished_model_says_is_not_said_again(file):
    with pytest.raises(InputError, match="is a finished model and says its own; leave --timesteps, --input-shape out"):
        load_model(f"{file}:finished", Reading(timesteps=4, input_shape=(6,)))
    with pytest.raises(InputError, match="so dt would change nothing"):
        load_model(f"{file}:network", Reading(dt=1e-3))


def test_other_models_are_no_scripts():
    assert [s for s in ("digits", "run/folder", "net.nir", "a.pth", "C:/net.nir", "1:2") if is_script(s)] == []
    assert all(is_script(s) for s in ("net.py", "net.py:name", "package.module:name", "module:name"))


OWN_LOOP = """
import snntorch as snn
from torch import nn

INPUT_SHAPE, TIMESTEPS = (6,), 5


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.lif = nn.Linear(6, 4), snn.Leaky(0.9, reset_mechanism="zero")

    def forward(self, x):
        membrane, total = self.lif.init_leaky(), 0
        for _ in range(TIMESTEPS):
            spikes, membrane = self.lif(self.fc(x), membrane)
            total = total + spikes
        return total / TIMESTEPS
"""


def test_a_constant_that_the_forward_counts_by_is_its_own(tmp_path):
    """TIMESTEPS says T of a forward that does not; here the forward shows its input as often itself."""
    path = tmp_path / "own_loop.py"
    path.write_text(OWN_LOOP)
    assert load_model(f"{path}:Net").graph.timesteps == 5
    with pytest.raises(InputError, match="shows its input itself; leave --timesteps out"):
        load_model(f"{path}:Net", Reading(timesteps=4))
