"""What the exported folder compares."""

import numpy as np

from snnhw.exporters.lava.runtime.command import clipped, differences
from snnhw.exporters.lava.runtime.network import LavaNetwork, Process


def test_differences_are_exact_for_integers_and_tolerant_for_float_logits():
    expected = {"levels/u": np.array([1, 2]), "logits": np.array([0.5, 1.0])}
    assert differences(expected, {"levels/u": np.array([1, 2]), "logits": np.array([0.5 + 1e-9, 1.0])}) == []
    assert differences(expected, {"levels/u": np.array([1, 3]), "logits": np.array([0.5, 1.1])}) == list(expected)
    assert differences(expected, {"logits": np.zeros(3)}) == list(expected)


def test_values_that_the_input_clips_are_counted(tmp_path):
    """Of 4 bits at scale 2: -8..7, so -4 to 3.5; 3.75 rounds to 8 and is clipped, 3.7 rounds to 7."""
    source = Process("input", "source", (4,), 0, params={"scale": 2.0, "bits": 4})
    path = tmp_path / "x.npz"

    def said(integer, values):
        np.savez(path, input=np.array([values]))
        return clipped(LavaNetwork("n", 1, integer, (source,), (), "sum", {}), path)

    assert said(True, [-4, 3.7, 0, 3.5]) == "" == said(False, [9, 9, 9, 9])
    assert said(True, [-4.3, 3.75, 9, 0]).startswith("3 of 4 values (75.00%) lie outside -4 to 3.5, which the input ")
