"""Cores of a model, its pools folded into the synapses first."""

import pytest

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.errors import InputError
from snnhw.passes.fold_pool import fold_pool
from snnhw.workflows.map import map_to_chip


@pytest.mark.parametrize("deployment", ["channels", "shared"])
def test_cores_are_those_of_the_folded_graph(digits, deployment):
    found = map_to_chip(digits, "loihi1", deployment)
    assert found.to_dict() == map_network(fold_pool(digits.graph), load_chip("loihi1"), deployment).to_dict()
    assert found.cores == sum(layer.cores for layer in found.layers) > 0


def test_unknown_chips_are_refused(digits):
    with pytest.raises(InputError, match="loihi9"):
        map_to_chip(digits, "loihi9")
