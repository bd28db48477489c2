"""Networks of stateful modules: one step, loops over time, all steps at once; what they read is what they run."""

import numpy as np
import pytest
import snntorch as snn
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import LIF
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import named, standin

STEPS, BATCH, INPUTS = 6, 3, 5


class Net(nn.Module):
    """Two layers of snnTorch neurons whose forward is given."""

    def __init__(self, forward, **neuron):
        super().__init__()
        torch.manual_seed(0)
        self.written, self.steps = forward, STEPS
        self.fc1, self.fc2 = nn.Linear(INPUTS, 8), nn.Linear(8, 4)
        self.lif1, self.lif2 = (snn.Leaky(0.8, threshold=0.3, **neuron) for _ in range(2))

    def forward(self, x, num_steps=None):
        return self.written(self, x)

    def start(self):
        return self.lif1.init_leaky(), self.lif2.reset_mem()

    def step(self, x, mem1, mem2):
        spk1, mem1 = self.lif1(self.fc1(x), mem1)
        spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
        return spk2, mem1, mem2


def stacked(net, x):
    mem1, mem2 = net.start()
    spikes, membranes = [], []
    for _ in range(net.steps):
        out, mem1, mem2 = net.step(x, mem1, mem2)
        spikes.append(out)
        membranes.append(mem2)
    return torch.stack(spikes), torch.stack(membranes, dim=0)


def recorded(give):
    """A forward that returns what `give` makes of its lists of spikes and membranes."""

    def forward(net, x):
        mem1, mem2 = net.start()
        spikes, membranes = [], []
        for _ in range(net.steps):
            out, mem1, mem2 = net.step(x, mem1, mem2)
            spikes.append(out)
            membranes.append(mem2)
        return give(spikes, membranes)

    return forward


def added(start, of=lambda net, x: (x for _ in range(net.steps))):
    def forward(net, x):
        mem1, mem2 = net.start()
        total = start
        for frame in of(net, x):
            out, mem1, mem2 = net.step(frame, mem1, mem2)
            total = out if total is None else total + out
        return total

    return forward


def in_place(net, x):
    mem1, mem2 = net.start()
    total = 0
    for t in range(x.size(0)):
        out, mem1, mem2 = net.step(x[t], mem1, mem2=mem2)
        total += out
    return total / x.size(0)


def once_before_the_loop(net, x):
    mem1, mem2 = net.start()
    current, spikes = net.fc1(x), []
    for _ in range(net.steps):
        spk1, mem1 = net.lif1(current, mem1)
        spk2, mem2 = net.lif2(net.fc2(spk1), mem2)
        spikes += [spk2]
    return torch.stack(spikes).mean(0)


def batch_first(net, x):
    mem1, mem2 = net.start()
    spikes = []
    for t in range(x.shape[1]):
        out, mem1, mem2 = net.step(x[:, t, :], mem1, mem2)
        spikes.append(out)
    return torch.stack(spikes, dim=1)


def mean_over(axis):
    return lambda out: (out[0] if isinstance(out, tuple) else out).double().mean(axis)


LOOPS = {
    "tutorial, stacked": (stacked, "static", mean_over(0)),
    "sum from 0": (added(0), "static", lambda out: out),
    "sum from nothing": (added(None), "static", lambda out: out),
    "once before the loop": (once_before_the_loop, "static", lambda out: out),
    "time first, in place, mean": (in_place, "time", lambda out: out),
    "time first, range(num_steps)": (
        added(0.0, lambda net, x: (x[t] for t in range(net.steps))),
        "time",
        lambda out: out,
    ),
    "time first, select": (added(0, lambda net, x: (x.select(0, t) for t in range(6))), "time", lambda out: out),
    "batch first": (batch_first, "batch", mean_over(1)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_over_time_is_one_step_of_the_graph(name):
    forward, kind, read = LOOPS[name]
    net = Net(forward).eval()
    shape = {"static": (BATCH, INPUTS), "time": (STEPS, BATCH, INPUTS), "batch": (BATCH, STEPS, INPUTS)}[kind]
    x = torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2
    graph = trace(net, (INPUTS,), **({} if kind == "static" else {"timesteps": STEPS}))
    assert graph.timesteps == STEPS and [n.name for n in graph.of_type(LIF)] == ["lif1", "lif2"]
    assert len(graph.nodes) == 6  # input, two matrices, two neurons, read-out
    with torch.no_grad():
        own = read(net(x)).numpy()
    record = simulate(graph, (x.transpose(0, 1) if kind == "time" else x).numpy(), execution=DOUBLE)
    assert record.units["lif2"].levels.sum() > 10
    assert np.allclose(record.logits, own, rtol=0, atol=1e-6)


def test_a_loop_of_one_step_lasts_one_step():
    net = Net(stacked).eval()
    net.steps = 1
    assert trace(net, (INPUTS,)).timesteps == 1


def test_one_call_is_one_step_where_the_modules_keep_their_states():
    net = Net(lambda net, x: net.lif2(net.fc2(net.lif1(net.fc1(x)))), init_hidden=True).eval()
    graph = trace(net, (INPUTS,), timesteps=9)
    assert graph.timesteps == 9
    with pytest.raises(InputError, match=r"says no number of steps; .* give timesteps=T"):
        trace(net, (INPUTS,))


def own_state(net, x):
    return net.lif1(net.fc1(x), torch.rand(1, 8))[0]


def changed_state(net, x):
    mem1, mem2 = net.start()
    out = 0
    for _ in range(net.steps):
        spk2, mem1, mem2 = net.step(x, mem1, mem2)
        mem1 = mem1 * 0.5
        out += spk2
    return out


def third(net, x):
    return recorded(lambda spikes, membranes: spikes[2])(net, x)


def by_index(net, x):
    mem1, mem2 = net.start()
    total = 0
    for t in range(net.steps):
        out, mem1, mem2 = net.step(x[t], mem1, mem2)
        total += out
    return total


def step_of_the_largest(net, x):
    return recorded(lambda spikes, membranes: torch.stack(membranes).max(0)[1])(net, x)


def twice_the_largest(net, x):
    return recorded(lambda spikes, membranes: torch.stack(membranes).max(0)[0] - torch.stack(spikes).amax(0))(net, x)


def shared(net, x):
    out, mem = 0, net.lif1.init_leaky()
    for _ in range(net.steps):
        spk, mem = net.lif1(net.fc1(x), mem)
        spk, mem = net.lif1(spk, mem)
        out += spk
    return out


def late(net, x):
    mem1, mem2 = net.start()
    out, before = 0, None
    for _ in range(net.steps):
        spk1, mem1 = net.lif1(net.fc1(x), mem1)
        if before is not None:
            spk2, mem2 = net.lif2(net.fc2(before), mem2)
            out += spk2
        before = spk1
    return out


def mixed(net, x):
    mem1, mem2 = net.start()
    out, before = 0, None
    for _ in range(net.steps):
        spk1, mem1 = net.lif1(net.fc1(x), mem1)
        current = net.fc2(spk1) if before is None else net.fc2(spk1 + before)
        spk2, mem2 = net.lif2(current, mem2)
        out, before = out + spk2, spk1
    return out


def half_of_it(net, x):
    mem1, mem2 = net.start()
    spikes = []
    for _ in range(net.steps):
        out, mem1, mem2 = net.step(x, mem1, mem2)
        spikes.append(out)
    return torch.stack(spikes[:3])


REFUSED = {
    "a state of its own": (own_state, {"timesteps": 3}, "'lif1' starts in a state of its own"),
    "a changed state": (changed_state, {}, "'lif1' does not go on from its call before"),
    "a step before the last": (third, {}, "returns what it computes in step 2; append every step"),
    "one module at two places": (shared, {}, "'lif1', test_stepwise.py line .* gets something else in call 2"),
    "a layer that starts late": (late, {}, "calls 'lif1' 6 times, 'lif2' 5 times"),
    "two steps together": (mixed, {}, "'lif2', test_stepwise.py line .* gets something else in call 2"),
    "some of the steps": (half_of_it, {}, r"last \[3, 6\] time steps"),
    "steps of an input without time": (in_place, {}, "say how many steps the input has: timesteps=T"),
    "another T": (added(0), {"timesteps": 4}, "runs 6 time steps where timesteps=4 was given; give timesteps=6"),
    "more steps than are taken": (by_index, {"timesteps": 8}, "takes 6 of 8 steps; .* or give timesteps=6"),
    "steps of an input, T unsaid": (
        by_index,
        {},
        r"takes steps of its input, test_stepwise.py line \d+; say how many it has: time",
    ),
    "the step of the largest": (step_of_the_largest, {}, "uses the step of the largest value, test_stepwise.py line"),
    "twice the largest": (twice_the_largest, {}, "computes with the largest value over time; return that as it is"),
    "no whole number": (added(0), {"timesteps": 0}, "give a whole number of at least 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_loop_whose_steps_differ_is_refused_with_what_to_write(name):
    forward, told, sentence = REFUSED[name]
    with pytest.raises(InputError, match=sentence):
        trace(Net(forward).eval(), (INPUTS,), **told)


def test_steps_are_for_networks_of_stateful_modules():
    with pytest.raises(InputError, match="has no neurons of another framework"):
        trace(nn.Sequential(nn.Linear(3, 2)), (3,), timesteps=4)


def test_states_that_are_returned_beside_the_spikes_are_said_to_be_left_out():
    assert [f.code for f in trace(Net(stacked).eval(), (INPUTS,)).findings] == ["states-left-out"]


IF = {"v_threshold": 1.0, "v_reset": 0.0, "surrogate_function": named("Sigmoid", spiking=True)}


class Shown(nn.Module):
    """SpikingJelly's way to show one frame in every step."""

    def __init__(self, show):
        super().__init__()
        self.show, self.fc = show, nn.Linear(INPUTS, 4)
        self.fire = standin("spikingjelly", "IFNode", step_mode="m", **IF)

    def forward(self, x):
        return self.fire(self.fc(self.show(x))).mean(0)


@pytest.mark.parametrize(
    "show",
    [
        lambda x: x.unsqueeze(0).repeat(STEPS, 1, 1),
        lambda x: x.repeat(STEPS, 1, 1),
        lambda x: x.unsqueeze(0).expand(STEPS, -1, -1),
        lambda x: torch.stack([x for _ in range(STEPS)]),
    ],
)
def test_one_frame_shown_in_every_step(show):
    graph = trace(Shown(show).eval(), (INPUTS,))
    assert graph.timesteps == STEPS and list(graph.nodes)[:3] == ["input", "fc", "fire"]


@pytest.mark.parametrize("show", [lambda x: x.repeat(STEPS, 1, 2), lambda x: x.unsqueeze(0).repeat(STEPS, 2, 1)])
def test_repeating_a_frame_along_other_axes_is_refused(show):
    with pytest.raises(InputError, match=r"forward \(repeat, test_stepwise"):
        trace(Shown(show).eval(), (INPUTS,))


def test_a_module_over_all_steps_is_called_once():
    class Twice(Shown):
        def forward(self, x):
            return self.fire(self.fire(self.fc(self.show(x)))).mean(0)

    with pytest.raises(InputError, match=r"'fire', test_stepwise.py line .* is called again and keeps its state"):
        trace(Twice(lambda x: x.repeat(STEPS, 1, 1)).eval(), (INPUTS,))


def test_a_layer_in_front_of_the_loop_is_said_to_be_counted_at_every_step():
    """torch computes fc1 once and fc2 in every step; where both are in the loop, nothing is said."""
    calls = []
    network = Net(once_before_the_loop).eval()
    for name in ("fc1", "fc2"):
        getattr(network, name).register_forward_hook(lambda module, given, sent, name=name: calls.append(name))
    network(torch.rand(BATCH, INPUTS))
    assert (calls.count("fc1"), calls.count("fc2")) == (1, STEPS)
    network = Net(once_before_the_loop).eval()
    (found,) = [f for f in trace(network, (INPUTS,), timesteps=STEPS).findings if f.code == "before-the-loop"]
    assert found.node == "fc1" and f"in each of the {STEPS} steps" in found.message
    inside = trace(Net(stacked).eval(), (INPUTS,), timesteps=STEPS).findings
    assert "before-the-loop" not in {f.code for f in inside}


def from_zeros(net, x, change=lambda mem: None):
    first = net.fc1(x)
    mem1, mem2, spikes = torch.zeros_like(first), first.new_zeros(x.size(0), 4), []
    change(mem1)
    for _ in range(net.steps):
        out, mem1, mem2 = net.step(x, mem1, mem2)
        spikes.append(out)
    return torch.stack(spikes)


def test_states_that_start_as_zeros_of_a_value_are_read_and_changed_ones_refused():
    network, x = Net(from_zeros).eval(), torch.rand(BATCH, INPUTS)
    graph = trace(network, (INPUTS,), timesteps=STEPS)
    rates = network(x).mean(0).detach().numpy()
    assert rates.any() and np.allclose(simulate(graph, x.numpy()).logits, rates, atol=1e-6)
    changed = Net(lambda net, x: from_zeros(net, x, lambda mem: mem.add_(0.2))).eval()
    with pytest.raises(InputError, match="'lif1' starts in a state of its own; start it at zero"):
        trace(changed, (INPUTS,), timesteps=STEPS)
