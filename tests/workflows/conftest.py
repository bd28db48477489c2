"""The zoo's digits network and some of its test images."""

import pytest

from snnhw.data.inputs import load_inputs
from snnhw.workflows.load import load_model


@pytest.fixture(scope="session")
def digits():
    return load_model("digits")


@pytest.fixture(scope="session")
def some():
    return load_inputs("digits:test").first(24)
