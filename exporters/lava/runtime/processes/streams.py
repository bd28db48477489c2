"""Processes between synapses and neurons that only move numbers: Frames, Delay, Gain, Pool, Recorder.

All but Delay pass a value on in the step in which it arrives. Frames and Recorder are the two ends of the network.
"""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Frames(AbstractProcess):
    """Sends `frames` [N, 1 or T, *shape], sample after sample, T steps each and `gap` steps of zeros; then zeros."""

    def __init__(self, *, frames, timesteps, gap=0, name=None):
        super().__init__(frames=frames, timesteps=timesteps, gap=gap, name=name)
        self.s_out = OutPort(shape=frames.shape[2:])


class _FramesModel(PyLoihiProcessModel):
    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.frames, self.timesteps = proc_params["frames"], proc_params["timesteps"]
        self.period = self.timesteps + proc_params["gap"]

    def run_spk(self):
        sample, t = divmod(self.time_step - 1, self.period)
        if sample < len(self.frames) and t < self.timesteps:
            self.s_out.send(self.frames[sample, t % self.frames.shape[1]])
        else:
            self.s_out.send(np.zeros_like(self.frames[0, 0]))


@implements(proc=Frames, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class FramesFloat(_FramesModel):
    """In floats."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=Frames, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class FramesFixed(_FramesModel):
    """In integers."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


class Delay(AbstractProcess):
    """Sends in step t what arrived in step t - delay, 0 before."""

    def __init__(self, *, shape, delay, name=None):
        super().__init__(shape=shape, delay=delay, name=name)
        self.s_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)


class _DelayModel(PyLoihiProcessModel):
    dtype = float

    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.line = np.zeros((proc_params["delay"], *proc_params["shape"]), dtype=self.dtype)

    def run_spk(self):
        place = (self.time_step - 1) % len(self.line)
        self.s_out.send(self.line[place])  # before receiving, so that no loop of processes can block
        self.line[place] = self.s_in.recv()


@implements(proc=Delay, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class DelayFloat(_DelayModel):
    """In floats."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=Delay, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class DelayFixed(_DelayModel):
    """In integers."""

    dtype = np.int32
    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


class Gain(AbstractProcess):
    """Sends `gain` times what arrives; Lava connects two ports only once, so a path of weight 2 needs it."""

    def __init__(self, *, shape, gain, name=None):
        super().__init__(shape=shape, gain=gain, name=name)
        self.s_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)


class _GainModel(PyLoihiProcessModel):
    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.gain = proc_params["gain"]

    def run_spk(self):
        self.s_out.send(self.gain * self.s_in.recv())


@implements(proc=Gain, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class GainFloat(_GainModel):
    """In floats."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=Gain, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class GainFixed(_GainModel):
    """In integers."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


class Pool(AbstractProcess):
    """Sums over windows of (W, H, C), then divides by `divisor` (1 in integers); zeros outside count."""

    def __init__(self, *, in_shape, shape, kernel, stride, padding, divisor, name=None):
        super().__init__(kernel=kernel, stride=stride, padding=padding, divisor=divisor, name=name)
        self.s_in = InPort(shape=in_shape)
        self.s_out = OutPort(shape=shape)


class _PoolModel(PyLoihiProcessModel):
    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.kernel, self.stride, self.padding = (proc_params[key] for key in ("kernel", "stride", "padding"))
        self.divisor = proc_params["divisor"]

    def run_spk(self):
        (pad_x, pad_y), (step_x, step_y) = self.padding, self.stride
        x = np.pad(self.s_in.recv(), ((pad_x, pad_x), (pad_y, pad_y), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, self.kernel, axis=(0, 1))[::step_x, ::step_y]
        total = windows.sum(axis=(-2, -1), dtype=x.dtype)
        self.s_out.send(total if self.divisor == 1 else total / self.divisor)


@implements(proc=Pool, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PoolFloat(_PoolModel):
    """In floats."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=Pool, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PoolFixed(_PoolModel):
    """In integers."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


class Recorder(AbstractProcess):
    """Writes what arrives for sample n into slot n % slots of the shared array `values` [slots, T, *shape]."""

    def __init__(self, *, values, depth, timesteps, samples, gap=0, name=None):
        super().__init__(values=values, window=(depth, timesteps, samples, timesteps + gap), name=name)
        self.a_in = InPort(shape=values.shape[2:])


class _RecorderModel(PyLoihiProcessModel):
    def __init__(self, proc_params):
        super().__init__(proc_params)
        self.values = proc_params["values"]
        self.depth, self.timesteps, self.samples, self.period = proc_params["window"]

    def run_spk(self):
        arrived = self.a_in.recv()
        sample, t = divmod(self.time_step - 1 - self.depth, self.period)
        if 0 <= sample < self.samples and t < self.timesteps:
            self.values[sample % len(self.values), t] = arrived


@implements(proc=Recorder, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class RecorderFloat(_RecorderModel):
    """In floats."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)


@implements(proc=Recorder, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class RecorderFixed(_RecorderModel):
    """In integers."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
