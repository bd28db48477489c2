"""Finding the interpreter of nengo-loihi."""

import pytest

from snnhw.exporters.nengo_loihi.env import NENGO_LOIHI, find_interpreter, status
from snnhw.exporters.nengo_loihi.install import REQUIREMENTS


@pytest.mark.nengo
def test_status_names_a_working_interpreter():
    found = status()
    assert found.works and found.version == "1.1.0" and find_interpreter() == found.path


def test_the_version_that_is_asked_for_is_the_one_that_is_installed():
    assert f"{NENGO_LOIHI.package}=={NENGO_LOIHI.version}" in REQUIREMENTS.read_text().splitlines()
