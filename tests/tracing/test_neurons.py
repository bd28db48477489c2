"""States of a framework's neurons go round unchanged, or the network is refused."""

import pytest
import torch
from torch import nn

from snnhw.errors import InputError
from snnhw.tracing.trace import trace
from tests.tracing.frameworks.standins import namespace, standin

P = {"tau_syn_inv": 200.0, "tau_mem_inv": 100.0, "v_leak": 0.0, "v_th": 0.5, "v_reset": 0.0, "method": "super"}


class Loop(nn.Module):
    """A cell of norse in a loop; `go_on` says which state goes into the next call."""

    def __init__(self, start, go_on):
        super().__init__()
        self.start, self.go_on = start, go_on
        self.cell = standin("norse", "LIFCell", dt=0.001, p=namespace(P))

    def forward(self, x):
        state, out = self.start, []
        for _ in range(3):
            z, state = self.cell(x, state) if state is not False else self.cell(x)
            out.append(z)
            state = self.go_on(state)
        return torch.stack(out)


ZERO = torch.zeros(1)


@pytest.mark.parametrize("start", [None, ZERO, (ZERO, ZERO)])
def test_the_state_of_the_last_call_goes_on(start):
    graph = trace(Loop(start, lambda state: state), (4,))
    assert graph.timesteps == 3 and list(graph.nodes) == ["input", "cell_syn", "cell", "readout"]


@pytest.mark.parametrize("go_on", [lambda state: None, lambda state: False, lambda state: ZERO, lambda state: -state])
def test_a_cell_that_forgets_or_changes_its_state_is_refused(go_on):
    with pytest.raises(InputError, match="'cell' does not go on from its call before"):
        trace(Loop(None, go_on), (4,))


@pytest.mark.parametrize("start", [torch.ones(1), (ZERO, torch.ones(1)), 1.0])
def test_a_cell_that_starts_elsewhere_is_refused(start):
    with pytest.raises(InputError, match="'cell' starts in a state of its own"):
        trace(Loop(start, lambda state: state), (4,))
