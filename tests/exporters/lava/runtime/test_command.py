"""What the exported folder compares."""

import numpy as np

from snnhw.exporters.lava.runtime.command import differences


def test_differences_are_exact_for_integers_and_tolerant_for_float_logits():
    expected = {"levels/u": np.array([1, 2]), "logits": np.array([0.5, 1.0])}
    assert differences(expected, {"levels/u": np.array([1, 2]), "logits": np.array([0.5 + 1e-9, 1.0])}) == []
    assert differences(expected, {"levels/u": np.array([1, 3]), "logits": np.array([0.5, 1.1])}) == list(expected)
    assert differences(expected, {"logits": np.zeros(3)}) == list(expected)
