"""Leaky integrate-and-fire population that starts afresh with every sample and writes down its spikes.

Recurrence: Lava's own models (AbstractPyLifModelFloat, AbstractPyLifModelFixed), unchanged. Samples stream back to
back, T steps each; a population `depth` synapses behind the input works on sample n in the time steps
depth + n*T + 1 .. depth + (n+1)*T, so that is when it resets and where its spikes go.
"""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.lif.models import AbstractPyLifModelFixed, AbstractPyLifModelFloat
from lava.proc.lif.process import LIFReset


class SampledLIF(LIFReset):
    """LIFReset whose window follows from its depth.

    Args:
        depth: Lava steps between the input and this population.
        timesteps: T, steps per sample.
        samples: number of samples, the length of the Var `count`, which holds the spikes of each.
        spikes: shared uint8 [slots, T, ceil(neurons/8)] that takes the packed spikes of sample n in slot n % slots,
            or None.
        membranes: shared array [slots, T, neurons] that takes v before the reset, or None.
        start: u and v before the first step of every sample, numbers or arrays of the shape of the population.
        **lif: as LIFReset takes them; `vth`, `du` and `dv` may be arrays of the shape of the population, which Lava's
            models take element by element.
    """

    def __init__(self, *, depth, timesteps, samples, spikes=None, membranes=None, start=(0, 0), **lif):
        super().__init__(reset_interval=timesteps, reset_offset=(1 + depth) % timesteps, **lif)
        self.count = Var(shape=(samples,), init=0)
        self.proc_params["window"] = (depth, timesteps, samples)
        self.proc_params["records"] = (spikes, membranes)
        self.proc_params["first_states"] = start


class _Sampled:
    """Reset at the start of a sample, record at each of its steps."""

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.depth, self.timesteps, self.samples = proc_params["window"]
        self.spikes, self.membranes = proc_params["records"]
        self.first_states = proc_params["first_states"]

    def run_spk(self):
        if (self.time_step - 1 - self.depth) % self.timesteps == 0:
            self.u[:], self.v[:] = self.first_states
        super().run_spk()

    def reset_voltage(self, spike_vector):
        sample, t = divmod(self.time_step - 1 - self.depth, self.timesteps)
        if 0 <= sample < self.samples:
            self.count[sample] += np.count_nonzero(spike_vector)
            if self.spikes is not None:
                self.spikes[sample % len(self.spikes), t] = np.packbits(spike_vector)
            if self.membranes is not None:
                self.membranes[sample % len(self.membranes), t] = self.v.ravel()
        self._reset(spike_vector)

    def _reset(self, spike_vector):
        super().reset_voltage(spike_vector)


class FloatModel(_Sampled, AbstractPyLifModelFloat):
    """u = u*(1-du) + a;  v = v*(1-dv) + u + bias;  s = v > vth;  v = 0 where s."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)
    vth: float = LavaPyType(float, float)
    count: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def spiking_activation(self):
        """Where the membrane is strictly above the threshold."""
        return self.v > self.vth


class FixedModel(_Sampled, AbstractPyLifModelFixed):
    """The same in Loihi integers, as PyLifModelBitAcc computes them."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    vth: int = LavaPyType(int, np.int32, precision=17)
    count: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def scale_threshold(self):
        """One weight unit is 64 membrane units."""
        self.effective_vth = np.left_shift(self.vth, self.vth_shift)
        self.isthrscaled = True

    def spiking_activation(self):
        """Where the membrane is strictly above the threshold."""
        return self.v > self.effective_vth


# Lava takes no subclass of a model that implements a process, so these are the leaves
@implements(proc=SampledLIF, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class SampledLIFFloat(FloatModel):
    """In floating point."""


@implements(proc=SampledLIF, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class SampledLIFFixed(FixedModel):
    """In Loihi integers."""
