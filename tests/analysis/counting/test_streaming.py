"""Counting a stream: equal to counting at once, in constant memory, and over two processes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributed, multiprocessing

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import BY_STEP
from snnhw.analysis.counting.streaming import count_steps, count_stream
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows.processes import portion, share, summed
from tests.analysis.nets import networks, small_net
from tests.oracle import computed_once, count_events

INPUTS = np.random.default_rng(3).normal(size=(30, 2, 6, 6)) * 2


def test_a_stream_counts_like_the_whole():
    graph = small_net()
    parts = (INPUTS[i : i + 7] for i in range(0, 30, 7))
    assert count_stream(graph, parts) == count(graph, simulate(graph, INPUTS))
    with pytest.raises(InputError, match="no batch"):
        count_stream(graph, iter(()))


@settings(max_examples=25)
@given(networks(), st.integers(0, 2**32 - 1))
def test_each_step_is_counted_as_the_oracle_counts_it(graph, seed):
    rng = np.random.default_rng(seed)
    shape = (2, graph.timesteps, *graph.input.shape) if rng.random() < 0.5 else (2, *graph.input.shape)
    inputs = rng.integers(0, (graph.input.levels or 3) + 1, shape).astype(np.float32)
    counted = count_steps(graph, [inputs[:1], inputs[1:]])
    whole, record = count(graph, simulate(graph, inputs)), simulate(graph, inputs, raster=True)
    assert len(counted) == graph.timesteps
    assert all(sum(step.total(key) for step in counted) == whole.total(key) for key in ("spikes", *BY_STEP))
    for t, step in enumerate(counted):
        rasters = {name: raster[:, t : t + 1] for name, raster in record.raster.items()}
        told = computed_once(count_events(graph, rasters))
        found = {(e.source, e.synapse, e.target): e for e in step.edges if e.source != graph.input.name}
        assert sum(e.unit_synops for e in found.values()) == sum(u for _, u in told.values())
        assert sum(e.events for e in found.values()) == sum(e for e, _ in told.values())


def test_steps_need_a_batch():
    with pytest.raises(InputError, match="no batch"):
        count_steps(small_net(), iter(()))


def _share(rank, folder):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    numbers = portion(len(INPUTS), 4)  # eight shards of at most four samples
    mine = share(inputs_of("noise", INPUTS, np.arange(30)), numbers)
    assert (list(numbers), mine.targets[0], summed(rank + 1)) == (
        list(range(16) if rank == 0 else range(16, 30)),
        16 * rank,
        3,
    )
    with pytest.raises(InputError, match="1 samples are too few for 2 processes"):
        portion(1, 4)
    counts = count_stream(small_net(), [mine.values]), count_steps(small_net(), [mine.values])
    Path(folder, f"{rank}.txt").write_text(repr(counts))
    distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_count_like_one(tmp_path):
    multiprocessing.spawn(_share, args=(str(tmp_path),), nprocs=2)
    whole = repr((count(small_net(), simulate(small_net(), INPUTS)), count_steps(small_net(), [INPUTS])))
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in (0, 1)] == [whole, whole]


SCRIPT = """
import resource
import numpy as np, torch
from snnhw.analysis.counting.streaming import count_stream
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Readout
torch.set_num_threads(1)
rng = np.random.default_rng(0)
nodes = [
    Input(name="x", shape=(1, 4, 4)),
    Conv2d(name="c", shape=(2, 4, 4), weight=rng.normal(size=(2, 1, 3, 3)), padding=(1, 1)),
    MLF(name="u", shape=(2, 4, 4), thresholds=(0.6, 1.6), decay=0.25),
    Readout(name="r", shape=(2, 4, 4)),
]
graph = Graph.build(nodes, [("x", "c"), ("c", "u"), ("u", "r")], timesteps=2)
batches = lambda n: (rng.normal(size=(500, 1, 4, 4)) for _ in range(n // 500))
count_stream(graph, batches(5_000))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
counts = count_stream(graph, batches(100_000))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(counts.samples, grown)
"""


@pytest.mark.slow
def test_a_hundred_thousand_samples_do_not_raise_peak_memory():
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=root)
    samples, kilobytes = map(int, done.stdout.split())
    assert samples == 100_000
    assert kilobytes < 4096  # the raster alone would be 12.8 MB, the inputs of all samples as much again
