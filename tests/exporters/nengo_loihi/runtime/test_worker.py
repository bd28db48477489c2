"""The worker's lines: a request in, answers out, and what libraries print is kept from them."""

import json
import subprocess

import numpy as np
import pytest

from snnhw.exporters.interpreter import environment_of
from snnhw.exporters.nengo_loihi.env import find_interpreter
from snnhw.exporters.nengo_loihi.lower import lower
from snnhw.exporters.nengo_loihi.session import WORKER
from tests.exporters.nengo_loihi.test_run import heavy


@pytest.mark.nengo
def test_one_answer_a_line(tmp_path):
    with open(tmp_path / "c.npz", "wb") as file:
        lower(heavy(inputs=1)[0]).save(file)
    np.savez(tmp_path / "x.npz", input=np.full((1, 1, 1), 127, np.int32))
    good = [str(tmp_path / "c.npz"), str(tmp_path / "x.npz"), str(tmp_path / "out.npz"), 22]
    requests = [good, [str(tmp_path / "none.npz"), *good[1:]]]
    python = find_interpreter()
    done = subprocess.run(
        [python, str(WORKER)],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        env=environment_of(python),
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert answers[:2] == [{"progress": 1}, {"done": True}] and len(answers) == 3
    assert answers[2]["error"].startswith("FileNotFoundError") and "Traceback" in answers[2]["traceback"]
    with np.load(tmp_path / "out.npz") as found:
        assert np.unpackbits(found["spikes/unit"], axis=-1, count=3).all()
