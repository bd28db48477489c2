"""What goes to the worker and what comes back, without Lava."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.lava.lower import lower
from snnhw.exporters.lava.run import LavaError, RunOptions, record_of, run_lava
from tests.exporters.lava.interpreters import fake_python
from tests.exporters.lava.nets import residual


def test_options_of_the_worker_are_flags():
    assert RunOptions().worker_flags() == ()
    assert RunOptions(conv="stock", membranes=True, binary=True).worker_flags() == ("--stock-conv", "--membranes")
    assert RunOptions(raster=True).worker_flags() == ("--raster",)


def test_no_samples_are_refused_before_lava_is_looked_for():
    net, graph = residual(0)
    with pytest.raises(InputError, match="There are no samples to run"):
        run_lava(graph, net.inputs(1)[:0], RunOptions(python="/no/such/python"))


def test_packed_spikes_come_back_in_torchs_order():
    """Lava counts (W, H, C); the record has (C, H, W)."""
    _, graph = residual(0)
    network = lower(graph)
    rng, samples, arrays, expected = np.random.default_rng(0), 2, {"logits": np.zeros((2, 4))}, {}
    for unit in network.units:
        channels, height, width = graph.nodes[unit.populations[0]].shape
        spikes = rng.integers(0, 2, (samples, network.timesteps, len(unit.populations), channels, height, width))
        arrays[f"raster_bits/{unit.name}"] = np.packbits(
            spikes.transpose(0, 1, 2, 5, 4, 3).reshape(*spikes.shape[:3], -1).astype(np.uint8), axis=-1
        )
        arrays |= {f"{key}/{unit.name}": np.zeros(1, np.int64) for key in ("levels", "events", "levels_t")}
        expected[unit.name] = spikes
    found = record_of(network, arrays, samples)
    assert found.raster.keys() == expected.keys() and found.membranes == {}
    assert all(np.array_equal(found.raster[name], spikes) for name, spikes in expected.items())


ENDS = {  # what a worker says and leaves, as shell; $4 is its output file
    "nothing": ("true", "ended with code 0 without a result"),
    "noise": ("echo noise", "ended with code 0 without a result"),
    "done without a file": ("echo '@lava-worker {\"done\": true}'", "says that it is done and left no result"),
    "done with half a file": (
        "printf 'PK half' > $4; echo '@lava-worker {\"done\": true}'",
        "says that it is done and left no result",
    ),
    "done with other arrays": (
        f"cp {Path(__file__).parents[2] / 'golden/modules_norse.npz'} $4; echo '@lava-worker {{\"done\": true}}'",
        "is of another network",
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_worker_that_ends_otherwise_is_one_sentence(tmp_path, monkeypatch, end):
    body, says = ENDS[end]
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    net, graph = residual(0)
    python = fake_python(tmp_path / "python", body)
    with pytest.raises(LavaError, match=says) as failed:
        run_lava(graph, net.inputs(1), RunOptions(python=python))
    assert "\n" not in str(failed.value) and [p.name for p in tmp_path.iterdir()] == ["python"]
