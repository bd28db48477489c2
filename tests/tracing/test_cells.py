"""A module at its place: time and batch as it takes them, names, and layers without a node."""

from fractions import Fraction

import pytest
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import LIF
from snnhw.tracing.cells import cell_of
from snnhw.tracing.frameworks.adapter import Adapter, always
from snnhw.tracing.frameworks.cell import single
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream

LEADS = {
    "step": Stream((("input", 1),), (4,)),
    "time": Stream((("input", 1),), (4,), (3, Rows())),
    "batch": Stream((("input", 1),), (4,), (Rows(), 3), batch_first=True),
    "rows": Stream((("input", 1),), (4,), (Rows(Fraction(3)),), batch_first=True),
    "frames": Stream((("input", 1),), (4,), (Rows(Fraction(3)),)),
}


def lif(name, module, shape):
    return single(LIF(name=name, shape=shape, decay=0.5, threshold=1.0))


@pytest.mark.parametrize("gets", LEADS)
@pytest.mark.parametrize("takes", ["step", "time", "batch", "rows"])
def test_a_neuron_gets_time_as_it_takes_it(takes, gets):
    stream, adapter = LEADS[gets], Adapter(always(takes), cell=lif)
    assert stream.axes == gets
    if takes == gets:
        cell = cell_of("n", "path", nn.Identity(), adapter, stream, set())
        assert cell is not None and cell.sent == "n"
    else:
        with pytest.raises(InputError, match=r"'path' \(Identity\) takes .* and gets"):
            cell_of("n", "path", nn.Identity(), adapter, stream, set())


def test_layers_of_one_axis_take_every_row_and_a_matrix_takes_the_last_axis():
    for gets, stream in LEADS.items():
        matrix = cell_of("fc", "fc", nn.Linear(4, 2), Adapter(always("time"), layer=nn.Linear), stream, set())
        assert matrix is not None and matrix.sender.shape == (2,)
        norm = Adapter(always("step"), layer=nn.BatchNorm1d)
        if gets in ("time", "batch"):
            with pytest.raises(InputError, match="takes one step"):
                cell_of("n", "n", nn.BatchNorm1d(4), norm, stream, set())
        else:
            assert cell_of("n", "n", nn.BatchNorm1d(4), norm, stream, set()) is not None


def test_dropout_passes_on_and_a_layer_without_a_node_is_named():
    stream = LEADS["step"]
    assert cell_of("d", "d", nn.Dropout(), Adapter(always("step"), layer=nn.Dropout), stream, set()) is None
    with pytest.raises(InputError, match="There is no node for 'f', a Fold"):
        cell_of("f", "f", nn.Fold(2, 2), Adapter(always("step"), layer=nn.Fold), stream, set())
