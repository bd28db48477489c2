"""The options of a run."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.overrides import TorchFunctionMode

from snnhw.errors import InputError
from snnhw.passes import FLOAT, compile_channels, deploy, run_passes
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import (
    DOUBLE,
    SINGLE,
    Execution,
    check_device,
    current_device,
    exact_products,
    running_on,
)
from snnhw.simulation.plan import plan_of
from tests.analysis.nets import networks
from tests.nets import product_graph, residual_net, residual_nets


def test_integers_are_in_the_arithmetic_that_a_bound_proves_exact_on_every_device():
    """Products of matrices alone, without TF32, so that the bound holds there too."""
    fits = product_graph(np.full((1, 8), 2, np.int32))
    step = next(s for s in plan_of(fits) if s.name == "fc")
    assert [Execution(device=d).dtype_of(step.dtype) for d in ("cpu", "cuda", "cuda:1")] == [
        torch.float32,
        torch.float32,
        torch.float32,
    ]


def test_floats_are_in_the_precision_that_was_asked_for_on_every_device():
    for dtype in (torch.float32, torch.float64):
        assert {Execution(dtype, device).dtype_of(None) for device in ("cpu", "cuda")} == {dtype}


def test_integers_do_not_depend_on_the_options():
    sample = residual_net(samples=5)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    records = [simulate(graph, sample.inputs, execution=e) for e in (SINGLE, DOUBLE, Execution(batch_size=2))]
    for other in records[1:]:
        assert np.array_equal(other.logits, records[0].logits)
        assert all(np.array_equal(u.levels_t, other.units[name].levels_t) for name, u in records[0].units.items())


class OneDevice(TorchFunctionMode):
    """Refuses operations between tensors of two devices, numbers apart; of "meta", which has shapes alone.

    What is fetched to the host is zeros, and how often is counted.
    """

    def __init__(self):
        super().__init__()
        self.fetched = 0

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = options or {}
        met = {x.device.type for x in tensors_in((arguments, options)) if x.dim()}
        if len(met) > 1:
            raise AssertionError(f"{function} of tensors on {met}")
        if met == {"meta"} and function is torch.Tensor.cpu:
            self.fetched += 1
            return torch.zeros(arguments[0].shape, dtype=arguments[0].dtype)
        if function in (torch.Tensor.__float__, torch.Tensor.__bool__) and arguments[0].device.type == "meta":
            return function(torch.zeros(()))
        return function(*arguments, **options)


def tensors_in(value):
    """All tensors in arguments of a call."""
    if isinstance(value, torch.Tensor):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [tensor for item in inside for tensor in tensors_in(item)]


def elsewhere(graph, inputs, **kept):
    """Record of a run on "meta", every operation of which is on one device."""
    with OneDevice() as mode:
        record = simulate(graph, inputs, execution=Execution(device="meta"), **kept)
    assert mode.fetched
    return record


@pytest.mark.parametrize(
    "mixed", [lambda x, y: x + y, lambda x, y: torch.cat([x, y]), lambda x, y: x.index_select(0, y)]
)
def test_operations_between_two_devices_are_noticed(mixed):
    with pytest.raises(AssertionError, match="of tensors on"), OneDevice():
        mixed(torch.zeros(2, device="meta"), torch.zeros(2, dtype=torch.int64))


@pytest.mark.slow
@settings(max_examples=4)
@given(residual_nets, st.sampled_from(["graded", "slots"]), st.booleans())
def test_all_tensors_of_a_run_are_on_the_device_of_its_inputs(sample, deployment, kept):
    """Networks of these kinds of nodes, in floats and as Loihi integers; nothing but results leaves the device."""
    graph = deploy(run_passes(sample.graph, FLOAT), deployment)
    integers = compile_loihi(sample.graph, sample.inputs).graph
    for ran in (sample.graph, graph, compile_channels(sample.graph), integers):
        here = simulate(ran, sample.inputs, raster=kept, membranes=kept)
        there = elsewhere(ran, sample.inputs, raster=kept, membranes=kept)
        shapes = [{k: (v.shape, v.dtype) for k, v in record.arrays().items()} for record in (here, there)]
        assert shapes[0] == shapes[1]


@settings(max_examples=10)
@given(networks(), st.integers(0, 2**32 - 1))
def test_so_are_those_of_other_nodes(graph, seed):
    """Loops, delays, pools, currents, wires, products of spikes."""
    inputs = np.random.default_rng(seed).integers(0, (graph.input.levels or 3) + 1, (2, *graph.input.shape))
    elsewhere(graph, inputs.astype(np.float32))


def test_what_runs_on_a_device_is_said_once_around_it():
    assert current_device().type == "cpu" and SINGLE.on_cpu
    with running_on("cpu:0"):
        assert SINGLE.place == DOUBLE.place == torch.device("cpu:0") and Execution(device="cuda").place.type == "cuda"
    assert SINGLE.place == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_a_gpu_that_is_not_there_is_named_in_one_sentence(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match=f"The device {name} needs an NVIDIA GPU, and .*leave --device out"):
        check_device(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    if name != "cuda":
        with pytest.raises(InputError, match="There are 0 GPUs and cuda:0 is none of them"):
            check_device(name)


@pytest.mark.parametrize("name", ["gpu", "meta", "mps", "", "cuda:x", "cpu cuda"])
def test_other_devices_are_refused(name):
    refused = r"is no device that this program runs on; give cpu, cuda or cuda:N\."
    with pytest.raises(InputError, match=refused), running_on(name):
        pass


def test_within_a_run_off_the_cpu_float32_is_multiplied_as_float32():
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    try:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
        with exact_products(torch.device("cuda")):
            assert torch.get_float32_matmul_precision() == "highest" and not torch.backends.cudnn.allow_tf32
        assert torch.get_float32_matmul_precision() == "high" and torch.backends.cudnn.allow_tf32
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
