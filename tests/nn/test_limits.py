"""Arguments of a network are looked at before anything is built."""

from __future__ import annotations

import time

import pytest

from snnhw.errors import InputError
from snnhw.nn.limits import check_arguments
from snnhw.nn.models import MODELS, build
from snnhw.nn.resnet import DSResNet
from snnhw.nn.vgg import VGG16


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_package_passes(name):
    check_arguments(name, MODELS[name].network, MODELS[name].arguments)


@pytest.mark.parametrize(
    ("network", "arguments", "says"),
    [
        (DSResNet, {"blocks": [10**9] * 3}, "give a list of which each is a whole number of at most 65536"),
        (DSResNet, {"blocks": [501, 500, 1]}, "give at most 1000 blocks"),
        (DSResNet, {"widths": [1] * 10**6}, "give a list of at most 1000"),
        (DSResNet, {"classes": 10**4300}, "classes = a int|classes = 1000"),
        (DSResNet, {"input_norm": 1}, "input_norm = 1; give true or false"),
        (DSResNet, {"timesteps": True}, "timesteps = True; give a whole number"),
        (DSResNet, {"downsample_sum": []}, r"downsample_sum = \[\]; give 'ds' or 'plain'"),
        (DSResNet, {"widths": [65_536] * 3}, "takes .* GiB are allowed"),
        (VGG16, {"width": 60_000}, "takes .* TiB where"),
        (VGG16, {"dropout": None}, "dropout = None; give a number"),
    ],
)
def test_what_no_machine_can_build_is_refused_at_once(network, arguments, says):
    started = time.monotonic()
    with pytest.raises(InputError, match=says) as refused:
        check_arguments("a", network, arguments)
    assert time.monotonic() - started < 5 and len(str(refused.value)) < 400


def test_a_name_that_is_no_text_is_no_model():
    with pytest.raises(InputError, match="no model"):
        build([])
