"""From a `LavaNetwork` to Lava processes that are connected and ready to run.

Imports lava when called. Without frames and records the two ends stay open: `inputs` and `outputs` are ports that
other Lava processes can be connected to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .network import Array, LavaNetwork, LavaRunError, Process

LavaObject = Any  # a process or a port of Lava, which has no types
GRADED_BITS = 8  # Lava casts messages of 0 bits to bool, which would turn a sum of spikes into 1


@dataclass(frozen=True)
class Records:
    """Shared arrays that the processes write to; slot = sample % slots."""

    samples: int
    spikes: Mapping[str, Array] = field(default_factory=dict)  # population -> uint8 [slots, T, bytes]
    membranes: Mapping[str, Array] = field(default_factory=dict)  # population -> [slots, T, neurons]
    readout: Array | None = None  # [slots, T, classes]


@dataclass(frozen=True)
class Assembled:
    """Lava processes by name, and the ports at the two ends."""

    processes: Mapping[str, LavaObject]
    inputs: tuple[LavaObject, ...]  # InPorts that take the input
    outputs: tuple[LavaObject, ...]  # OutPorts whose sum is the readout
    depth: int  # Lava steps between them

    @property
    def any_process(self) -> LavaObject:
        """A process of the network; run it and all run."""
        return next(iter(self.processes.values()))


def assemble(network: LavaNetwork, *, frames: Array | None = None, records: Records | None = None) -> Assembled:
    """Lava processes of `network`.

    Args:
        network: what to build.
        frames: [N, 1 or T, *shape], sent by a process; None leaves the inputs open.
        records: where spikes, membranes and the readout go; None leaves the outputs open.

    Raises:
        LavaRunError: the network holds a process of an unknown kind.
    """
    records = records or Records(samples=1)
    built: dict[str, LavaObject] = {}
    inputs: list[LavaObject] = []
    outputs: list[LavaObject] = []
    for process in network.processes:
        if process.kind == "source":
            if frames is not None:
                built[process.name] = _frames(network, frames)
            continue
        if process.kind == "sink" and records.readout is None:
            outputs.extend(_out_port(built[source]) for source in process.sources)
            continue
        if process.kind not in BUILD:
            raise LavaRunError(f"Process {process.name!r} is a {process.kind!r}, which this runtime lacks; update it.")
        made = BUILD[process.kind](network, process, records)
        built[process.name] = made
        target = _in_port(made)
        for source in process.sources:
            if source in built:
                port = _out_port(built[source])
                (port if port.shape == target.shape else port.reshape(target.shape)).connect(target)
            else:
                inputs.append(target)
    return Assembled(built, tuple(inputs), tuple(outputs), network.depth)


def run_configuration(integer: bool, stock_conv: bool = False) -> LavaObject:
    """Loihi2SimCfg for floats or integers, with the im2col models for Conv unless the stock ones are asked for."""
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.conv.process import Conv

    from .processes.im2col import Im2colFixed, Im2colFloat

    models = {} if stock_conv else {Conv: Im2colFixed if integer else Im2colFloat}
    return Loihi2SimCfg(select_tag="fixed_pt" if integer else "floating_pt", exception_proc_model_map=models)


def _frames(network: LavaNetwork, frames: Array) -> LavaObject:
    from .processes.streams import Frames

    return Frames(name=network.source.name, frames=frames, timesteps=network.timesteps)


def _conv(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from lava.proc.conv.process import Conv

    p = process.params
    return Conv(
        name=process.name,
        weight=network.arrays[process.arrays["weight"]],
        input_shape=tuple(p["in_shape"]),
        stride=tuple(p["stride"]),
        padding=tuple(p["padding"]),
        dilation=tuple(p["dilation"]),
        groups=p["groups"],
        num_message_bits=GRADED_BITS if p["graded"] else 0,
    )


def _dense(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from lava.proc.dense.process import Dense

    return Dense(
        name=process.name,
        weights=network.arrays[process.arrays["weight"]],
        num_message_bits=GRADED_BITS if process.params["graded"] else 0,
    )


def _lif(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from .processes.neurons import SampledLIF

    return SampledLIF(**_population(network, process, records))


def _soft_lif(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from .processes.soft_reset import SoftResetLIF

    return SoftResetLIF(**_population(network, process, records))


def _population(network: LavaNetwork, process: Process, records: Records) -> dict[str, Any]:
    """Arguments of a population: numbers as they are, arrays by name."""
    values = {**process.params, **{key: network.arrays[name] for key, name in process.arrays.items()}}
    start = (values.pop("u_start", 0), values.pop("v_start", 0))
    return {
        "name": process.name,
        "shape": process.shape,
        "depth": process.depth,
        "timesteps": network.timesteps,
        "samples": records.samples,
        "spikes": records.spikes.get(process.name),
        "membranes": records.membranes.get(process.name),
        "start": start,
        **values,
    }


def _delay(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from .processes.streams import Delay

    return Delay(name=process.name, shape=process.shape, delay=process.params["delay"])


def _gain(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from .processes.streams import Gain

    return Gain(name=process.name, shape=process.shape, gain=process.params["gain"])


def _pool(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from .processes.streams import Pool

    p = process.params
    return Pool(
        name=process.name,
        in_shape=tuple(p["in_shape"]),
        shape=process.shape,
        kernel=tuple(p["kernel"]),
        stride=tuple(p["stride"]),
        padding=tuple(p["padding"]),
        divisor=p["divisor"],
    )


def _sink(network: LavaNetwork, process: Process, records: Records) -> LavaObject:
    from .processes.streams import Recorder

    return Recorder(
        name=process.name,
        values=np.asarray(records.readout),
        depth=process.depth,
        timesteps=network.timesteps,
        samples=records.samples,
    )


BUILD: dict[str, Callable[[LavaNetwork, Process, Records], LavaObject]] = {
    "conv": _conv,
    "dense": _dense,
    "lif": _lif,
    "soft_lif": _soft_lif,
    "delay": _delay,
    "gain": _gain,
    "pool": _pool,
    "sink": _sink,
}


def _in_port(made: LavaObject) -> LavaObject:
    return made.a_in if hasattr(made, "a_in") else made.s_in


def _out_port(made: LavaObject) -> LavaObject:
    return made.s_out if hasattr(made, "s_out") else made.a_out
