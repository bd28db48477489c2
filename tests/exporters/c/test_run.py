"""The program in C as a backend: its own record, spike for spike that of the engine."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.c.run import run_c
from snnhw.simulation.engine import simulate
from tests.exporters.c.built import tamed
from tests.exporters.c.test_c import counted, late
from tests.exporters.lava.interpreters import fake_python
from tests.exporters.lava.nets import residual
from tests.nets import residual_net


def branches():
    net, graph = residual(1)
    return tamed(graph), net.inputs(3)


@pytest.mark.parametrize("events", [False, True])
@pytest.mark.parametrize("made", [branches, counted, lambda: late(np.array([0, 1, 2, 3, 5, 90]), 2)])
def test_its_record_is_that_of_the_engine(made, events):
    graph, x = made()
    ours, theirs = simulate(graph, x, raster=True), run_c(graph, x, events=events, raster=True)
    assert ours.units.keys() == theirs.units.keys() and ours.stepped == theirs.stepped
    for name, unit in ours.units.items():
        for field in ("levels", "graded_spikes", "levels_t"):
            np.testing.assert_array_equal(getattr(unit, field), getattr(theirs.units[name], field), err_msg=name)
    assert all(np.array_equal(raster, theirs.raster[name]) for name, raster in ours.raster.items())
    np.testing.assert_array_equal(ours.logits, theirs.logits)
    assert not run_c(graph, x[:1]).raster and sum(int(r.sum()) for r in ours.raster.values()) > 10


def test_what_cannot_run_is_one_sentence(monkeypatch, tmp_path):
    graph, x = late(2, 1)
    with pytest.raises(InputError, match="There are no samples to run"):
        run_c(graph, x[:0])
    with pytest.raises(InputError, match="does not fit C: it is in floats"):
        run_c(residual_net().graph, residual_net().inputs)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(InputError, match=r"Cannot start the C compiler no-such-compiler .*install gcc"):
        run_c(graph, x)
    monkeypatch.setenv("CC", fake_python(tmp_path / "broken", "echo no headers >&2; exit 1"))
    with pytest.raises(InputError, match=r"broken failed .no headers."):
        run_c(graph, x)
