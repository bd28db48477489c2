"""SANA-FE's own run is the oracle of our closed formula, and its record is that of the engine."""

import numpy as np
import pytest

from snnhw.analysis.hardware.mesh import Mesh, noc_energy, place, traffic
from snnhw.analysis.hardware.mesh_time import run_on_mesh
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.stepwise import run_stepwise
from snnhw.errors import InputError
from snnhw.exporters.sanafe import record, run, with_relays
from snnhw.exporters.sanafe.run import channels
from snnhw.graph.ir import LI, MLF, Edge
from snnhw.passes import deploy
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.backends import simulate_on
from tests.analysis.nets import small_net
from tests.exporters.sanafe.nets import RNG, biased, dense_net, residual_net, sample_of, shortcut_net, strided_net


@pytest.mark.parametrize("build", [residual_net, shortcut_net, strided_net, dense_net])
def test_formula_equals_the_simulation(build):
    graph, relays = with_relays(build())
    assert bool(relays) == (build in (residual_net, shortcut_net))
    sample, steps = sample_of(graph), 12
    mesh = Mesh(neurons_per_core=8 if build is dense_net else 1024)
    chip, ours = run(graph, sample, steps, mesh), run_stepwise(graph, sample, steps)
    assert sum(counts.sum() for counts in chip.fired.values()) > 100
    for name, counts in chip.fired.items():
        np.testing.assert_array_equal(ours.sent(name), counts, err_msg=name)
    on_mesh = traffic(graph, ours, place(graph, mesh), mesh)
    energy = noc_energy(graph, ours, on_mesh, load_profile("loihi1-sanafe"))
    assert (sum(on_mesh.events.values()), on_mesh.packets) == (chip.events, chip.packets)
    inputs = int(ours.sent(graph.input.name).sum()) if graph.input.levels else 0
    assert ours.updated + inputs == chip.updated
    assert energy.synapse == pytest.approx(chip.synapse, rel=1e-9)
    assert energy.soma == pytest.approx(chip.soma, rel=1e-9)
    assert energy.network == pytest.approx(chip.network, rel=1e-9)
    if build is dense_net:
        assert on_mesh.hops_ew > 0 and on_mesh.hops_ns > 0
    both = run_on_mesh(graph, ours, place(graph, mesh), load_profile("loihi1-sanafe"), mesh)
    assert (both.traffic, both.energy) == (on_mesh, energy)
    assert both.seconds.sum() == pytest.approx(chip.seconds, rel=1e-9)
    assert both.seconds.max() > both.seconds.min()


def same(ours, theirs):
    assert ours.units.keys() == theirs.units.keys() and (ours.samples, ours.timesteps) == (
        theirs.samples,
        theirs.timesteps,
    )
    for name, unit in ours.units.items():
        np.testing.assert_array_equal(unit.levels, theirs.units[name].levels, err_msg=name)
        np.testing.assert_array_equal(unit.graded_spikes, theirs.units[name].graded_spikes, err_msg=name)
        np.testing.assert_array_equal(unit.levels_t, theirs.units[name].levels_t, err_msg=name)


@pytest.mark.parametrize(
    "build", [shortcut_net, *(pytest.param(b, marks=pytest.mark.slow) for b in (residual_net, strided_net, dense_net))]
)
def test_the_record_is_that_of_the_engine(build):
    graph = biased(build())
    inputs = np.stack([sample_of(graph) for _ in range(2)])
    ours, theirs = simulate(graph, inputs, raster=True, execution=DOUBLE), record(graph, inputs, raster=True)
    same(ours, theirs)
    assert sum(int(u.levels.sum()) for u in ours.units.values()) > 100
    for name, raster in ours.raster.items():
        np.testing.assert_array_equal(raster, theirs.raster[name])
    np.testing.assert_allclose(theirs.logits, ours.logits, atol=1e-3)


def test_a_current_based_neuron_whose_current_lasts_one_step_runs_as_a_lif():
    plain = dense_net(12)
    current = LI(name="current", shape=(12,), decay=0.0, current_of="a")
    edges = [e for e in plain.edges if e.target != "a"]
    nodes = [*plain.nodes.values(), current]
    graph = plain.replace(nodes=nodes, edges=(*edges, Edge("one", "current"), Edge("current", "a")))
    inputs = sample_of(graph)[None]
    theirs = record(graph, inputs)
    same(simulate(graph, inputs, execution=DOUBLE), theirs)
    same(record(plain, inputs), theirs)
    assert theirs.units["a"].levels.sum() > 0


@pytest.mark.slow
def test_multi_level_units_run_in_floats_and_in_loihi_integers():
    graph = small_net()
    assert graph.of_type(MLF)
    images = RNG.normal(size=(2, *graph.input.shape))
    same(simulate(graph, images, execution=DOUBLE), simulate_on("sanafe", graph, images))
    calibration = RNG.normal(size=(16, *graph.input.shape))
    integers = simulate_on("torch-int", graph, images, calibration)
    theirs = simulate_on("sanafe", graph, images, calibration)
    same(integers, theirs)
    np.testing.assert_array_equal(theirs.logits, integers.logits)


def test_images_that_change_over_time_are_refused(capfd):
    graph = strided_net()
    record(graph, RNG.normal(size=(1, *graph.input.shape)))
    assert capfd.readouterr().out == ""  # the simulator prints, --json must not
    with pytest.raises(InputError, match="cannot change over time"):
        record(graph, RNG.normal(size=(1, graph.timesteps, *graph.input.shape)))


def test_other_deployments_than_channels_are_refused():
    for deployment, word in (("graded", "bits"), ("slots", "sub-steps")):
        with pytest.raises(InputError, match=f"does not fit sanafe: .*{word}.*deploy it as channels"):
            channels(deploy(small_net(), deployment))
