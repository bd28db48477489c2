import numpy as np
import pytest

from snnhw.data.given import samples_given
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError


def test_an_array_is_no_samples():
    samples = inputs_of("mine", np.zeros((2, 1)), None)
    assert samples_given(samples) is samples
    with pytest.raises(InputError, match=r"Got a ndarray where Samples are needed; .* inputs_of\(name, values"):
        samples_given(samples.values)
