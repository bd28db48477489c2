"""Whatever goes wrong in a Lava run is an error in seconds, and no process, file or shared memory is left."""

import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.interpreter import environment_folder, environment_of
from snnhw.exporters.lava.env import LAVA, find_interpreter, status
from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.run import LavaError, RunOptions, run_lava, run_network
from snnhw.exporters.lava.runtime.network import LavaRunError
from snnhw.exporters.lava.runtime.supervise import supervise, worker_command
from snnhw.graph.ir import Pool
from tests.exporters.lava.interpreters import interruptible
from tests.exporters.lava.nets import Net, residual

pytestmark = [pytest.mark.lava, pytest.mark.slow]
LIMIT_S = 120  # from the fault to the error, on a busy machine; without a limit such a fault would hang for ever
START_S = 20  # until the processes run, on a busy machine
ENDLESS = 30000  # samples, minutes of work


@pytest.fixture(autouse=True)
def nothing_left(tmp_path, monkeypatch):
    """Every test works in its own temporary folder, whose name marks its processes; at the end both are gone."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("TMPDIR", str(work))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield work
    deadline = time.monotonic() + LIMIT_S
    while workers(work) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert workers(work) == []
    assert list(work.iterdir()) == []


def workers(work):
    """Process ids of worker processes of this test."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            running = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            continue
        if running and any(a.endswith(b"worker.py") for a in command) and any(str(work).encode() in a for a in command):
            found.append(int(folder.name))
    return sorted(found)


def leader(pids):
    return next(pid for pid in pids if os.getpgid(pid) == pid)


def endless():
    net, graph = residual(1, levels=1, timesteps=2)
    return graph, net.inputs(ENDLESS)


def within(seconds, call):
    start = time.monotonic()
    with pytest.raises(LavaError) as caught:
        call()
    assert time.monotonic() - start < START_S + seconds
    return caught.value


def changed(network, kind, **params):
    """The network with other parameters for its first process of a kind."""
    first = next(p for p in network.processes if p.kind == kind)
    other = dataclasses.replace(first, params={**first.params, **params})
    return dataclasses.replace(network, processes=tuple(other if p is first else p for p in network.processes))


def test_exception_while_running():
    net, graph = residual(1, levels=1)
    network = changed(lower(graph), "lif", du=0.5)  # a float decay makes Lava's fixed-point model raise
    error = within(LIMIT_S, lambda: run_network(network, net.inputs(1)))
    assert "Lava process 'stem_l1' failed with TypeError" in str(error) and "right_shift" in error.traceback_text


def test_exception_while_building():
    net, graph = residual(1, levels=1)
    network = changed(lower(graph), "delay", delay=-1)
    error = within(LIMIT_S, lambda: run_network(network, net.inputs(1)))
    assert "'delay_0' failed with ValueError" in str(error) and "Traceback" in error.traceback_text


def test_message_of_the_wrong_shape():
    net = Net(1, levels=1)
    x = net.neurons("u1", net.conv("c1", ["input"], 3))
    x = net.add(Pool(name="pool", shape=(3, 3, 3), kind="sum", kernel=(2, 2), stride=(2, 2)), x)
    graph = net.graph(net.neurons("u2", net.conv("c2", x, 3)))
    network = changed(lower(graph), "pool", stride=[1, 1])
    error = within(LIMIT_S, lambda: run_network(network, net.inputs(1)))
    assert "'pool' failed with AssertionError" in str(error) and "Mismatch" in str(error)


def test_a_killed_child_is_named(nothing_left):
    graph, inputs = endless()
    killed = []

    def kill_a_child(done, of):
        if not killed:
            pids = workers(nothing_left)
            killed.append(time.monotonic())
            os.kill(next(pid for pid in pids if pid != leader(pids)), signal.SIGKILL)

    with pytest.raises(LavaError, match=r"Lava process '\w+' was killed by signal 9"):
        run_lava(graph, inputs, progress=kill_a_child)
    assert time.monotonic() - killed[0] < LIMIT_S


def test_a_killed_worker_takes_its_children_along(nothing_left):
    graph, inputs = endless()
    killed = []

    def kill_the_worker(done, of):
        if not killed:
            killed.append(time.monotonic())
            os.kill(leader(workers(nothing_left)), signal.SIGKILL)

    with pytest.raises(LavaError, match="worker was killed by signal 9"):
        run_lava(graph, inputs, progress=kill_the_worker)
    assert time.monotonic() - killed[0] < LIMIT_S


def test_time_limit_and_unnamed_memory(nothing_left):
    graph, inputs = endless()
    mapped = []

    def look(done, of):
        if not mapped:
            mapped.extend(Path(f"/proc/{pid}/maps").read_text() for pid in workers(nothing_left))

    error = within(LIMIT_S, lambda: run_lava(graph, inputs, RunOptions(timeout_s=START_S), progress=look))
    assert f"did not finish within {START_S} s" in str(error)
    assert len(mapped) > len(lower(graph).processes)  # one each, and the worker
    lines = [line for maps in mapped for line in maps.splitlines() if "/dev/shm" in line]
    assert all("deleted" in line for line in lines)


def script(body):
    """A program that runs the endless network after `body`."""
    return [sys.executable, "-c", f"{body}\nfrom tests.exporters.lava.test_faults import *\n{CALLER}"]


CALLER = """
graph, inputs = endless()
try:
    run_lava(graph, inputs, progress=lambda done, of: print(done, flush=True))
except InputError as error:
    print(error)
    raise SystemExit(2)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_caller_is_interrupted(number, nothing_left):
    caller = subprocess.Popen(
        script(""), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=interruptible
    )
    assert [caller.stdout.readline().strip() for _ in range(2)] == ["0", "8"]
    caller.send_signal(number)
    assert caller.wait(LIMIT_S) != 0
    caller.stdout.close()
    if number != signal.SIGKILL:
        assert list(nothing_left.iterdir()) == []
    else:  # a caller that had no chance to clean up leaves its input file
        deadline = time.monotonic() + LIMIT_S
        while workers(nothing_left) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert workers(nothing_left) == []
        for file in sorted(nothing_left.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()


def test_too_few_open_files_are_refused_before_the_run():
    limit = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))"
    done = subprocess.run(script(limit), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 2, done.stderr
    assert "open files and this system allows 200; raise the hard limit" in done.stdout


def test_a_low_soft_limit_of_open_files_is_raised():
    command = (
        "import resource, sys; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))\n"
        "from tests.exporters.lava.test_faults import *\n"
        "net, graph = residual(1, levels=1)\n"
        "print(run_lava(graph, net.inputs(1)).samples)"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout.strip() == "1", done.stderr


def test_disk_full(nothing_left):
    net, graph = residual(1, levels=1)
    paths = [nothing_left / name for name in ("network.npz", "input.npz")]
    with open(paths[0], "wb") as file:
        lower(graph).save(file)
    np.savez(paths[1], input=net.inputs(1))
    python = find_interpreter()
    command = worker_command(python, *paths, Path("/dev/full"))
    with pytest.raises(LavaRunError, match="No space left on device; free disk space"):
        supervise(command, timeout_s=60, environment=environment_of(python))
    for path in paths:
        path.unlink()


def test_disk_full_while_saving_the_network():
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))"
    done = subprocess.run(script(limit), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 2, done.stderr
    assert "network.npz: File too large; free some space" in done.stdout


@pytest.mark.parametrize(
    "named, reason",
    [
        ("/no/such/python", "there is no file"),
        ("/bin/false", "cannot import Lava"),
        (sys.executable, "No module named"),
    ],
)
def test_a_named_interpreter_that_does_not_work_is_refused(named, reason, monkeypatch):
    monkeypatch.setenv("SNNHW_LAVA_PYTHON", named)
    net, graph = residual(1, levels=1)
    with pytest.raises(InputError, match=f"SNNHW_LAVA_PYTHON names {named}, but .*{reason}.*snnhw lava install"):
        run_lava(graph, net.inputs(1))
    assert not status().works


def test_no_interpreter_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert environment_folder(LAVA) == tmp_path / "snnhw-lava"
    with pytest.raises(InputError, match="no Python interpreter with lava-nc"):
        find_interpreter()


def test_lava_import_error_in_the_worker():
    net, graph = residual(1, levels=1)
    error = within(LIMIT_S, lambda: run_lava(graph, net.inputs(1), RunOptions(python=sys.executable)))
    assert "Lava cannot be imported (No module named 'lava')" in str(error) and "Traceback" in error.traceback_text


def test_damaged_files_are_refused(nothing_left):
    broken = nothing_left / "network.npz"
    broken.write_bytes(b"PK\x03\x04 and no more")
    command = worker_command(find_interpreter(), broken, broken, nothing_left / "out.npz")
    with pytest.raises(LavaRunError, match=r"network.npz is no network file .* export the network again"):
        supervise(command, timeout_s=60)
    broken.unlink()
    with pytest.raises(LavaRunError, match="There is no network file"):
        supervise(command, timeout_s=60)
    with pytest.raises(LavaRunError, match="Cannot start /no/such/python"):
        supervise(["/no/such/python"], timeout_s=60)


def test_samples_that_do_not_fit():
    net, graph = residual(1, levels=1)
    network, good = lower(graph), net.inputs(1)
    for frames, reason in [(good[:, :1], "do not fit"), (good[:0], "do not fit"), (good * np.nan, "not all finite")]:
        assert reason in str(within(LIMIT_S, lambda frames=frames: run_network(network, frames)))
