"""What forwards of other frameworks' modules return: every idiom gives the logits of the network's own run."""

import numpy as np
import pytest
import snntorch as snn
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF
from snnhw.simulation.certificate import module_backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import model_of
from tests.tracing.test_stepwise import INPUTS, STEPS, Net, recorded

stack = torch.stack
RETURNED = {  # what is made of the lists of spikes and membranes -> (read-outs, whether a membrane is read)
    "spikes and membranes": (lambda s, m: (stack(s), stack(m)), ["mean"], False),
    "membranes first": (lambda s, m: (stack(m), stack(s)), ["mean"], False),
    "lists": (lambda s, m: (s, m), ["mean"], False),
    "one list": (lambda s, m: s, ["mean"], False),
    "a dict": (lambda s, m: {"mem": stack(m), "spk": stack(s)}, ["mean"], False),
    "several": (lambda s, m: (stack(s), stack(s).sum(0), stack(m)), ["mean", "mean"], False),
    "membranes": (lambda s, m: stack(m), ["mean"], True),
    "a list of membranes": (lambda s, m: m, ["mean"], True),
    "mean of membranes": (lambda s, m: stack(m).mean(0), ["mean"], True),
    "largest membrane": (lambda s, m: stack(m).max(0)[0], ["max"], True),
    "largest membrane, by name": (lambda s, m: torch.max(stack(m), dim=0).values, ["max"], True),
    "largest of the spikes": (lambda s, m: torch.amax(stack(s), 0), ["max"], False),
    "last spikes": (lambda s, m: s[-1], ["last"], False),
    "last of the stacked": (lambda s, m: stack(s)[-1], ["last"], False),
    "last membrane": (lambda s, m: m[-1], ["last"], True),
    "twice the last membrane": (lambda s, m: 2 * m[-1], ["last"], True),
    "membranes by three ways": (lambda s, m: (stack(m), stack(m).max(0)[0], m[-1]), ["mean", "max", "last"], True),
}


def own_and_ours(model, x):
    own = module_backend(model.network, model.traced, model.calling).run(x, False)
    ours = simulate(model.traced, x, raster=True, execution=DOUBLE)
    assert set(own.raster) == set(ours.raster)
    assert all((own.raster[unit] == ours.raster[unit]).all() for unit in own.raster)
    assert np.allclose(own.logits, ours.logits, rtol=0, atol=1e-6) and own.logits.any()
    assert list(own.outputs) == list(ours.outputs)
    assert all(np.allclose(own.outputs[n], ours.outputs[n], rtol=0, atol=1e-6) for n in own.outputs)
    return ours


@pytest.mark.parametrize("reset", ["subtract", "none"])
@pytest.mark.parametrize("name", RETURNED)
def test_what_is_returned_is_what_the_read_outs_give(name, reset):
    give, reductions, reads = RETURNED[name]
    model = model_of(Net(recorded(give), reset_mechanism=reset), (INPUTS,))
    assert [end.reduction for end in model.traced.readouts] == reductions and model.timesteps == STEPS
    assert len(model.traced.of_type(LI)) == reads
    assert len(model.traced.of_type(LIF)) == (1 if reads and reset == "none" else 2)
    said = {f.code for f in model.findings}
    assert ("membrane-read" in said) == (reads and reset == "subtract")
    ours = own_and_ours(model, np.random.default_rng(0).uniform(0, 2, (4, INPUTS)))
    assert ours.units["lif1"].levels.sum() > 10


def test_a_membrane_that_its_reset_sets_to_zero_is_refused_where_it_alone_is_returned():
    zero = {"reset_mechanism": "zero"}
    assert model_of(Net(recorded(lambda s, m: (stack(s), stack(m))), **zero), (INPUTS,)).findings
    with pytest.raises(InputError, match=r"returns a membrane that its reset sets to a value, .* 'subtract' or 'none'"):
        model_of(Net(recorded(lambda s, m: stack(m)), **zero), (INPUTS,))


class Between(nn.Module):
    """A layer takes the membranes of current-based neurons, and another the last spikes, behind the loop."""

    def __init__(self, last):
        super().__init__()
        torch.manual_seed(1)
        self.last = last
        self.fc1, self.lif1 = nn.Linear(INPUTS, 8), snn.Synaptic(0.6, 0.8, threshold=0.3)
        self.fc2, self.lif2 = nn.Linear(8, 6), snn.Lapicque(R=2.0, C=3.0, threshold=0.02)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        syn, mem = self.lif1.reset_mem()
        mem2, total = self.lif2.reset_mem(), 0
        for _ in range(STEPS):
            _, syn, mem = self.lif1(self.fc1(x), syn, mem)
            spk2, mem2 = self.lif2(self.fc2(mem), mem2)
            total += spk2
        return self.head(spk2 if self.last else total)


@pytest.mark.parametrize("last", [True, False])
def test_a_layer_may_take_membranes_and_another_the_last_spikes(last):
    model = model_of(Between(last), (INPUTS,))
    ours = own_and_ours(model, np.random.default_rng(0).uniform(0, 2, (4, INPUTS)))
    assert ours.units["lif1"].levels.sum() > 3 and ours.units["lif2"].levels.sum() > 3
    assert [end.reduction for end in model.traced.readouts] == ["last" if last else "mean"]
    assert ("outside-the-loop" in {f.code for f in model.findings}) == last


class Heads(nn.Module):
    """One step, two heads."""

    def __init__(self, form):
        super().__init__()
        torch.manual_seed(0)
        self.form, self.fc, self.lif = form, nn.Linear(INPUTS, 8), snn.Leaky(0.8, threshold=0.3, init_hidden=True)
        self.one, self.two = nn.Linear(8, 3), nn.Linear(8, 2)

    def forward(self, x):
        fired = self.lif(self.fc(x))
        return self.form(self.one(fired), self.two(fired))


@pytest.mark.parametrize(
    ("form", "names"),
    [(lambda a, b: (a, b), ["readout", "readout_2"]), (lambda a, b: {"where": a, "what": b}, ["where", "what"])],
)
def test_several_heads_of_one_step_are_read_outs_over_all_steps(form, names):
    model = model_of(Heads(form), (INPUTS,), timesteps=STEPS)
    assert [end.name for end in model.traced.readouts] == names
    own_and_ours(model, np.random.default_rng(0).uniform(0, 2, (4, STEPS, INPUTS)))
    with pytest.raises(InputError, match="says no number of steps"):
        model_of(Heads(form), (INPUTS,))


def test_spikes_that_go_on_together_with_their_state_are_refused_with_the_remedy():
    network = nn.Sequential(nn.Linear(INPUTS, 8), snn.Leaky(0.9), nn.Linear(8, 3))
    with pytest.raises(InputError, match=r"'2' gets the spikes of '1' with its states; .* init_hidden=True\)"):
        model_of(network, (INPUTS,), timesteps=STEPS)


def test_a_class_that_no_node_does_says_why():
    with pytest.raises(InputError, match="LeakyParallel of snntorch, which cuts its membrane at 0 in every step"):
        model_of(nn.Sequential(snn.LeakyParallel(INPUTS, 8)), (INPUTS,), timesteps=STEPS)
