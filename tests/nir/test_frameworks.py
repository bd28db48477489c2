"""Files of other frameworks, read as those step their neurons: spikes equal to the framework's own run."""

from __future__ import annotations

from pathlib import Path

import nir
import numpy as np
import pytest
import snntorch
import torch

from snnhw.errors import InputError
from snnhw.nir.frameworks import RESETS
from snnhw.nir.io import CONVENTIONS, Reading, from_nir, read_nir, to_nir
from snnhw.simulation.engine import simulate
from tests.nir.read.test_foreign import chain, codes, full, lif, quiet_export, snntorch_spikes
from tests.nir.step_runner import run_steps

T = 12


@pytest.mark.parametrize("steps", [T, 100])
def test_recurrent_cubalif_of_snntorch(tmp_path: Path, steps: int) -> None:
    """`RSynaptic` with snnTorch's default reset, exported by snnTorch and run beside us."""
    torch.manual_seed(1)
    layer = snntorch.RSynaptic(alpha=0.75, beta=0.875, threshold=1.0, linear_features=5, init_hidden=True)
    network = torch.nn.Sequential(torch.nn.Linear(6, 5), layer, torch.nn.Linear(5, 3))
    path = quiet_export(network, torch.rand(1, 6), tmp_path / "net.nir")
    x = np.random.default_rng(0).random((steps, 6)).astype(np.float32)
    theirs = snntorch_spikes(network, x)["1"]
    assert 0.05 < theirs.mean() < 0.95
    graph = read_nir(path, Reading(timesteps=steps, written_by="snntorch"))
    assert np.array_equal(run_steps(graph, x)["n1_lif"], theirs)
    assert np.array_equal(simulate(graph, x[None], raster=True).raster["n1_lif"][0, :, 0], theirs)
    assert "loop-delayed" in codes(graph) and "dt-assumed" not in codes(graph)
    literal = read_nir(path, Reading(timesteps=steps))
    assert literal.nodes["n1_lif"].reset == "hard"
    assert not np.array_equal(run_steps(literal, x)["n1_lif"], theirs)


LATE, NOW = {"reset_mechanism": "subtract"}, {"reset_mechanism": "subtract", "reset_delay": False}
LATE_ZERO, ZERO = {"reset_mechanism": "zero"}, {"reset_mechanism": "zero", "reset_delay": False}


@pytest.mark.parametrize(
    ("kind", "arguments", "options"),
    [
        ("Leaky", LATE, {"written_by": "snntorch"}),
        ("Leaky", NOW, {"reset": "subtract"}),
        ("Leaky", LATE_ZERO, {"written_by": "snntorch", "reset": "hard"}),
        ("Leaky", ZERO, {}),
        ("Synaptic", LATE, {"written_by": "snntorch"}),
        ("Synaptic", NOW, {"reset": "subtract"}),
        ("Synaptic", ZERO, {}),
    ],
)
def test_resets_of_snntorch(tmp_path: Path, kind: str, arguments: dict, options: dict) -> None:
    """All but the late zero reset of `Synaptic`, which also loses the next input: there is no such neuron here."""
    torch.manual_seed(2)
    decays = {"beta": torch.full((5,), 0.875)} | ({"alpha": torch.full((5,), 0.5)} if kind == "Synaptic" else {})
    theta = torch.full((5,), 1.5 if kind == "Synaptic" else 0.75)  # membranes stay below twice the threshold
    neuron = getattr(snntorch, kind)(**decays, threshold=theta, init_hidden=True, **arguments)
    network = torch.nn.Sequential(torch.nn.Linear(6, 5), neuron)
    path = quiet_export(network, torch.rand(1, 6), tmp_path / "net.nir")
    x = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    theirs = snntorch_spikes(network, x)["1"]
    assert 0.05 < theirs.mean() < 0.95
    assert np.array_equal(run_steps(read_nir(path, Reading(**options)), x)["n1"], theirs)


@pytest.mark.parametrize("beta", [torch.ones(5), torch.tensor([1.0, 0.875, 1.0, 0.5, 1.0])])
@pytest.mark.parametrize(
    ("arguments", "options"), [(LATE, {"written_by": "snntorch"}), (NOW, {"reset": "subtract"}), (ZERO, {})]
)
def test_leaky_of_snntorch_that_does_not_leak(
    tmp_path: Path, beta: torch.Tensor, arguments: dict, options: dict
) -> None:
    """snnTorch writes tau = r = infinity for beta = 1."""
    torch.manual_seed(4)
    neuron = snntorch.Leaky(beta=beta, threshold=torch.full(beta.shape, 2.0), init_hidden=True, **arguments)
    network = torch.nn.Sequential(torch.nn.Linear(6, 5), neuron)
    with np.errstate(divide="ignore"):
        path = quiet_export(network, torch.rand(1, 6), tmp_path / "net.nir")
    x = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    theirs = snntorch_spikes(network, x)["1"]
    assert 0.02 < theirs.mean() < 0.95
    graph = read_nir(path, Reading(**options))
    assert np.array_equal(run_steps(graph, x)["n1"], theirs)
    assert ("never-leaks" in codes(graph)) == ("written_by" not in options)  # of snnTorch it is known


@pytest.mark.parametrize("reset", RESETS)
def test_reset_that_is_asked_for_holds_whatever_the_file_says(reset: str) -> None:
    graph = from_nir(chain(lif((4,))), Reading(reset=reset))
    x = np.random.default_rng(0).random((T, 4))
    v, owed, expected = np.zeros(4), np.zeros(4), []
    for step in x:
        v = 0.5 * v + step - owed
        spike = v > 1
        if reset == "hard":
            v = np.where(spike, 0, v)
        elif reset == "subtract":
            v = v - spike
        elif reset == "subtract-late":
            owed = spike * 1.0
        expected.append(spike)
    assert np.array_equal(run_steps(graph, x)["n0"], expected)


def test_a_late_reset_needs_a_neuron_that_remembers() -> None:
    with pytest.raises(InputError, match="'n0' keeps nothing of a step"):
        from_nir(chain(lif((4,), decay=0.0)), Reading(reset="subtract-late"))


def test_threshold_is_met_where_the_framework_fires_at_it() -> None:
    node = nir.LIF(full((4,), 8.0), full((4,), 1), full((4,), 0), full((4,), 1))
    x = np.full((1, 4), 1.0)
    assert not run_steps(from_nir(chain(node), Reading(dt=1.0)), x)["n0"].any()
    met = from_nir(chain(node), Reading(written_by="sinabs"))
    assert run_steps(met, x)["n0"].all()
    assert met.nodes["n0"].threshold - met.nodes["n0"].v_reset == pytest.approx(1, abs=1e-12)  # all of it is taken off


@pytest.mark.parametrize("framework", ["nir", "spikingjelly"])
def test_a_membrane_that_is_not_reset_keeps_firing_while_it_is_above(framework: str) -> None:
    node = nir.IF(full((1,), 1e4), full((1,), 1), full((1,), 0))
    x = np.array([[0.5], [0.5], [0.25], [-1.0], [1.0]])  # the membrane is 0.5, 1, 1.25, 0.25, 1.25
    sent = run_steps(from_nir(chain(node, shape=(1,)), Reading(reset="none", written_by=framework, dt=1e-4)), x)
    met = framework == "spikingjelly"  # fires at the threshold too
    assert sent["n0"].ravel().tolist() == [False, met, True, False, True]


class Jelly:
    """SpikingJelly's neurons and the fields that its exporter writes, by its documentation, in plain numpy.

    Integrate and fire: v = v + x. Leaky: v = v + (x - v) / tau, or v = v - v / tau + x without `decay_input`. It fires
    at v >= 1, then v = 0, or v = v - 1 for v_reset=None. Written: r = 1/dt, or tau dt and r = 1 or tau, in float64.
    """

    def __init__(self, kind: str, dt: float, soft: bool = False) -> None:
        self.kind, self.dt, self.soft, self.tau = kind, dt, soft, 4.0

    def node(self, shape: tuple[int, ...]) -> nir.NIRNode:
        level = {"v_threshold": np.full(shape, 1.0), "v_reset": np.full(shape, 0.0)}
        if self.kind == "IF":
            return nir.IF(r=np.full(shape, 1 / self.dt), **level)
        r = 1.0 if self.kind == "LIF, input decays" else self.tau
        return nir.LIF(tau=np.full(shape, self.tau * self.dt), r=np.full(shape, r), v_leak=np.zeros(shape), **level)

    def spikes(self, current: np.ndarray) -> np.ndarray:
        v, fired = np.zeros(current.shape[1:]), []
        for x in current:
            if self.kind == "IF":
                v = v + x
            else:
                v = v + (x - v) / self.tau if self.kind == "LIF, input decays" else v - v / self.tau + x
            s = v >= 1
            v = np.where(s, v - 1 if self.soft else 0, v)
            fired.append(s)
        return np.array(fired)


JELLIES = ("IF", "LIF", "LIF, input decays")


@pytest.mark.parametrize("dt", [1e-4, 1e-3, 0.5])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("kind", JELLIES)
def test_spikes_of_spikingjelly_where_membranes_meet_the_threshold(
    kind: str, soft: bool, dt: float, tmp_path: Path
) -> None:
    rng = np.random.default_rng(7)
    weight = rng.integers(-6, 8, (10, 12)).astype(np.float32) / 4
    jelly = Jelly(kind, dt, soft)
    nodes = {
        "input_1": nir.Input(np.array([12])),
        "_0": nir.Linear(weight),
        "_1": jelly.node((10,)),
        "output": nir.Output(np.array([10])),
    }
    path = tmp_path / "net.nir"
    nir.write(path, nir.NIRGraph(nodes, [("input_1", "_0"), ("_0", "_1"), ("_1", "output")]))
    x = rng.integers(0, 2, (40, 12)).astype(np.float32)
    theirs = jelly.spikes(x @ weight.T)
    assert 0.05 < theirs.mean() < 0.95
    own = {"written_by": "spikingjelly"} | ({"reset": "subtract"} if soft else {})
    step = {} if kind != "LIF, input decays" else {"dt": dt}  # r = 1 does not hold it
    for told in (own | step, own | {"dt": dt}):
        graph = read_nir(path, Reading(timesteps=40, **told))
        assert np.array_equal(run_steps(graph, x)["_1"], theirs)
        raster = simulate(graph, x[None], raster=True).raster["_1"][0, :, 0]
        assert np.array_equal(raster, theirs)
        assert "dt-assumed" not in codes(graph) and "dt-overridden" not in codes(graph)
    literal = read_nir(path, Reading(timesteps=40, dt=dt))
    assert not np.array_equal(run_steps(literal, x)["_1"], theirs)


def test_a_step_of_spikingjelly_that_the_file_does_not_hold_is_assumed_with_a_finding() -> None:
    graph = from_nir(chain(Jelly("LIF, input decays", 1e-3).node((4,))), Reading(written_by="spikingjelly"))
    assert "dt-assumed" in codes(graph) and "dt-from-r" not in codes(graph)


def norse_file(tau: float) -> nir.NIRGraph:
    return chain(nir.LIF(full((4,), tau), full((4,), 1), full((4,), 0), full((4,), 0.1)))


def test_files_of_norse_in_seconds_read_the_same_with_and_without_its_name() -> None:
    """tau = 2.5 ms at dt = 0.1 ms, as in the comparison of the NIR paper: u = 0.96 u + 0.04 x, reset to 0 above 0.1."""
    x = (np.random.default_rng(2).random((300, 4)) < 0.2).astype(np.float32) * 2
    u, expected = np.zeros(4), []
    for step in x:
        u = 0.96 * u + 0.04 * step
        expected.append(u > 0.1)
        u = np.where(u > 0.1, 0, u)
    assert 0.01 < np.mean(expected) < 0.5
    for told in ({}, {"dt": 1e-4}, {"written_by": "norse"}, {"written_by": "norse", "dt": 1e-4}):
        graph = from_nir(norse_file(2.5e-3), Reading(**told))
        assert np.array_equal(run_steps(graph, x)["n0"], expected)
        assert ("dt-assumed" in codes(graph)) == ("dt" not in told) and "dt-overridden" not in codes(graph)


def test_a_step_that_is_asked_for_wins_over_that_of_the_framework_with_a_finding() -> None:
    scaled = norse_file(1e-5)  # norse 1.1.0: 0.01 s times its step
    assert from_nir(scaled, Reading(written_by="norse")).nodes["n0"].decay == pytest.approx(0.9)
    asked = from_nir(scaled, Reading(written_by="norse", dt=2e-6))
    assert asked.nodes["n0"].decay == pytest.approx(0.8)
    (found,) = (f for f in asked.findings if f.code == "dt-overridden")
    assert "2e-06 is taken as asked for, not 1e-06, the step of norse" in found.message
    with pytest.raises(InputError, match="leave out --dt to take the step of norse, 1e-06"):
        from_nir(scaled, Reading(written_by="norse", dt=1e-4))
    jelly = from_nir(chain(Jelly("IF", 1e-3).node((4,))), Reading(written_by="spikingjelly", dt=1e-4))
    assert jelly.nodes["n0"].gain == pytest.approx(0.1) and "dt-overridden" in codes(jelly)


def test_own_files_say_how_they_step() -> None:
    graph = from_nir(chain(lif((4,))))
    again = from_nir(to_nir(graph), Reading(written_by="sinabs", reset="subtract"))
    assert "convention-ignored" in codes(again)
    assert again.nodes["n0"].reset == "hard"


def test_unknown_framework_and_reset_name_those_that_exist() -> None:
    with pytest.raises(InputError, match="give one of nir, lava-dl, norse"):
        from_nir(chain(lif((4,))), Reading(written_by="brian"))
    with pytest.raises(InputError, match="give one of hard, subtract"):
        from_nir(chain(lif((4,))), Reading(reset="zero"))
    assert all(c.name == name for name, c in CONVENTIONS.items())
