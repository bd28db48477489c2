"""A population whose spikes take something off the membrane, which Lava 0.10.0 has no LIF for on a CPU.

Everything but the reset is Lava's own (the models of `neurons.py`): how u and v decay and are rounded, the bias, the
comparison. Loihi 2 runs such a neuron as microcode; a compartment of Loihi 1 sets its membrane to 0.
"""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from .neurons import FixedModel, FloatModel, SampledLIF


class SoftResetLIF(SampledLIF):
    """SampledLIF that resets by subtraction.

    Args:
        taken_off: what a spike takes off v, in the units of v, a number or an array of the shape of the population.
        **sampled: as SampledLIF takes them.
    """

    def __init__(self, *, taken_off, **sampled):
        super().__init__(**sampled)
        self.taken_off = Var(shape=sampled["shape"], init=np.broadcast_to(taken_off, sampled["shape"]))


class _Subtracts:
    """v = v - taken_off where it spikes."""

    def _reset(self, spike_vector):
        self.v[spike_vector] -= self.taken_off[spike_vector]


@implements(proc=SoftResetLIF, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class SoftResetLIFFloat(_Subtracts, FloatModel):
    """u = u*(1-du) + a;  v = v*(1-dv) + u + bias;  s = v > vth;  v = v - taken_off where s."""

    taken_off: np.ndarray = LavaPyType(np.ndarray, float)


@implements(proc=SoftResetLIF, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class SoftResetLIFFixed(_Subtracts, FixedModel):
    """The same in Loihi integers."""

    taken_off: np.ndarray = LavaPyType(np.ndarray, np.int32, precision=24)
