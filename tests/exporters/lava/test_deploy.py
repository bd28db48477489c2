"""The exported folder runs by itself, where there is neither torch nor this project, and notices a wrong spike."""

import shutil
import signal
import subprocess
from itertools import pairwise

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.interpreter import environment_of
from snnhw.exporters.lava.deploy import Options, export
from snnhw.exporters.lava.env import find_interpreter
from snnhw.graph.ir import LIF, Conv2d, Graph, Input, Readout
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.exporters.lava.interpreters import interruptible
from tests.nets import residual_net
from tests.quantisation.test_resets_and_decays import own_net


def run(folder, *arguments, cwd):
    python = find_interpreter()
    command = [python, str(folder / "run.py"), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env=environment_of(python), cwd=cwd
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    sample = residual_net()
    path = tmp_path_factory.mktemp("deploy") / "net"
    artifact = export(sample.graph, path, Options(inputs=sample.inputs, calibration=sample.inputs))
    assert artifact.path == path and artifact.size_bytes > 10_000
    return path


@pytest.mark.lava
@pytest.mark.slow
def test_resets_by_subtraction_and_decays_of_every_neuron_are_in_the_folder(tmp_path):
    graph, x = own_net(9, decays="neuron", currents="neuron")
    made = export(graph, tmp_path / "net", Options(inputs=x, calibration=x))
    done = run(made.path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "All spike counts and logits are as expected." in done.stdout


@pytest.mark.lava
@pytest.mark.slow
def test_events_that_enter_and_images_that_leave(tmp_path):
    """Lava records no events of an input, and outputs that are images have no classes."""
    shape, kernel = (2, 4, 4), np.full((2, 2, 3, 3), 0.25, np.float32)
    nodes = [
        Input(name="input", shape=shape, levels=3),
        Conv2d(name="conv", shape=shape, weight=kernel, padding=(1, 1)),
        LIF(name="lif", shape=shape, threshold=1.0, decay=0.5),
        Conv2d(name="last", shape=shape, weight=kernel, padding=(1, 1)),
        LIF(name="end", shape=shape, threshold=1.0, decay=0.5),
        Readout(name="readout", shape=shape, reduction="sum"),
    ]
    x = np.random.default_rng(2).integers(0, 4, (3, 5, *shape))
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 5)
    made = export(graph, tmp_path / "net", Options(inputs=x, calibration=x))
    with np.load(made.path / "expected.npz") as expected:
        assert {name for name in expected.files if name.startswith("levels/")} == {"levels/lif", "levels/end"}
        total = int(expected["logits"].sum())
    done = run(made.path, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All spike counts and logits are as expected." in done.stdout and total > 0
    assert f"outputs: [3, 2, 4, 4], in all {total}; they are no row of classes" in done.stdout


@pytest.mark.lava
@pytest.mark.slow
def test_it_runs_without_torch_and_this_project(folder, tmp_path):
    check = "import importlib.util as u, sys; sys.exit(any(map(u.find_spec, ('torch', 'snnhw', 'exporters', 'nir'))))"
    python = find_interpreter()
    assert subprocess.run([python, "-c", check], env=environment_of(python), cwd=tmp_path, check=False).returncode == 0
    done = run(folder, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "All spike counts and logits are as expected." in done.stdout and "3 of 3 samples" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.lava
@pytest.mark.slow
def test_other_samples_give_the_engines_record(folder, tmp_path):
    sample = residual_net()
    graph = compile_loihi(sample.graph, sample.inputs).graph
    other = np.random.default_rng(1).uniform(-1, 1, (2, *graph.input.shape))
    np.savez(tmp_path / "other.npz", input=other)
    done = run(folder, tmp_path / "other.npz", "-o", tmp_path / "out.npz", "--stock-conv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "clipped" not in done.stderr
    record = simulate(graph, other)
    with np.load(tmp_path / "out.npz") as out:
        assert np.array_equal(out["logits"], record.logits)
        assert all(np.array_equal(out[f"levels/{u}"], r.levels) for u, r in record.units.items())


@pytest.mark.lava
@pytest.mark.slow
def test_a_wrong_spike_is_noticed(folder, tmp_path):
    with np.load(folder / "expected.npz") as content:
        expected = {name: content[name] for name in content.files}
    unit = next(name for name in expected if name.startswith("levels/"))
    changed = {**expected, unit: expected[unit].copy()}
    changed[unit].flat[0] += 1
    original = (folder / "expected.npz").read_bytes()
    try:
        np.savez(folder / "expected.npz", **changed)
        done = run(folder, cwd=tmp_path)
    finally:
        (folder / "expected.npz").write_bytes(original)
    assert done.returncode == 1 and f"NOT as expected: {unit}" in done.stdout


@pytest.mark.lava
@pytest.mark.slow
def test_errors_are_one_sentence_and_exit_code_1(folder, tmp_path):
    np.savez(tmp_path / "other.npz", input=np.zeros((1, 9, 9)))
    done = run(folder, tmp_path / "other.npz", cwd=tmp_path)
    assert done.returncode == 1 and "do not fit" in done.stderr
    done = run(folder, "-o", "/no/such/folder/out.npz", cwd=tmp_path)
    assert done.returncode == 1 and "Cannot write /no/such/folder/out.npz" in done.stderr


@pytest.mark.lava
@pytest.mark.slow
def test_an_interrupted_run_and_a_damaged_folder_say_so(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "expected.npz").write_bytes(b"PK no more")
    done = run(copy, cwd=tmp_path)
    assert done.returncode == 1 and "Cannot compare with" in done.stderr and "Traceback" not in done.stderr
    python = find_interpreter()
    inputs = np.zeros((5000, 1, *residual_net().graph.input.shape))
    np.savez(tmp_path / "many.npz", input=inputs)
    command, environment = [python, str(copy / "run.py"), str(tmp_path / "many.npz")], environment_of(python)
    options = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "env": environment}
    caller = subprocess.Popen(command, preexec_fn=interruptible, **options)
    assert caller.stderr.read(1) == b"\r"  # the first line of the progress: Lava runs
    caller.send_signal(signal.SIGINT)
    _, words = caller.communicate(timeout=600)
    assert caller.returncode == 130 and b"Interrupted." in words and b"Traceback" not in words


def test_graphs_are_compiled_on_the_way(tmp_path):
    """A multi-level float graph stays in floats without calibration; the expected spikes are the engine's."""
    sample = residual_net()
    export(sample.graph, tmp_path / "net", Options(inputs=sample.inputs[:2]))
    record = simulate(compile_channels(sample.graph), sample.inputs[:2], execution=DOUBLE)
    with np.load(tmp_path / "net" / "expected.npz") as expected:
        assert np.array_equal(expected["logits"], record.logits)
        assert all(np.array_equal(expected[f"events/{u}"], r.graded_spikes) for u, r in record.units.items())


def test_only_an_earlier_export_is_replaced(tmp_path):
    sample = residual_net(widths=(4,))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "network.npz").write_text("of another tool")
    with pytest.raises(InputError, match=r"mine holds network\.npz and no snnhw-files\.json of an earlier export"):
        export(sample.graph, tmp_path / "mine")
    assert (tmp_path / "mine" / "network.npz").read_text() == "of another tool"
    export(sample.graph, tmp_path / "new")
    (tmp_path / "new" / "notes.txt").write_text("mine")
    export(sample.graph, tmp_path / "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "new"]
    assert "compares spikes and logits" in (tmp_path / "new" / "README.md").read_text()
    assert (tmp_path / "new" / "notes.txt").read_text() == "mine"
    export(sample.graph, tmp_path / "mine", Options(force=True))
    assert (tmp_path / "mine" / "network.npz").read_bytes() == (tmp_path / "new" / "network.npz").read_bytes()
