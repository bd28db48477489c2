"""The list of names is that of the torch that is installed."""

import keyword

import pytest
from torch import nn

from snnhw.nir.reserved import is_reserved


def test_every_attribute_of_the_module_and_every_keyword_is_reserved():
    assert [name for name in (*dir(nn.ModuleDict()), *keyword.kwlist) if not is_reserved(name)] == []


@pytest.mark.parametrize("name", ["conv1", "0", "forward_", "_", "stage1.conv", "Training"])
def test_other_names_are_free(name):
    assert not is_reserved(name)
