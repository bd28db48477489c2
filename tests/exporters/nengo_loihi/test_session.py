"""A worker answers one circuit after the other, and one that fails or ends says so in a sentence."""

import os

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.nengo_loihi.lower import lower
from snnhw.exporters.nengo_loihi.session import NengoLoihiError, session
from tests.exporters.lava.interpreters import fake_python
from tests.exporters.nengo_loihi.test_run import heavy

FRAMES = np.full((2, 1, 1), 127, np.int32)


@pytest.mark.nengo
def test_a_worker_goes_on_after_an_error_and_ends_with_the_block():
    circuit = lower(heavy(inputs=1)[0])
    seen = []
    with session() as worker:
        first = worker.run(circuit, FRAMES, progress=seen.append)
        with pytest.raises(NengoLoihiError, match="nengo-loihi failed") as error:
            worker.run(circuit, np.zeros((1, 2, 1), np.int32))
        assert "Traceback" in error.value.traceback_text
        again = worker.run(circuit, FRAMES)
        folder, pid = worker.folder, worker.process.pid
    assert seen == [1, 1] and first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_interpreter_that_ends_or_is_not_there_is_one_sentence(tmp_path):
    circuit = lower(heavy(inputs=1)[0])
    with session(fake_python(tmp_path / "python", "echo 'no numpy' >&2; exit 3")) as worker:
        with pytest.raises(NengoLoihiError, match="ended without a result") as error:
            worker.run(circuit, FRAMES)
        assert "no numpy" in error.value.traceback_text
    with pytest.raises(InputError, match=r"Cannot start .*run `snnhw nengo install`"), session(str(tmp_path / "none")):
        pass
