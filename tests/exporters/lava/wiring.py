"""What a user of `build` writes: run by test_build.py in the Lava interpreter, prints logits and spike counts."""

import numpy as np
from graphs import chain
from lava.magma.core.run_conditions import RunSteps
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source

from snnhw.exporters.lava.build import build, run_configuration

if __name__ == "__main__":
    graph, frames = chain()
    samples, steps = frames.shape[:2]
    net = build(graph, samples=samples)
    stream = frames.reshape(-1, *frames.shape[2:]).transpose(3, 2, 1, 0)  # (W, H, C, time)
    total = samples * steps + net.depth
    padding = np.zeros((*stream.shape[:-1], net.depth), dtype=stream.dtype)
    source, sink = Source(data=np.concatenate([stream, padding], axis=-1)), Sink(shape=(4,), buffer=total)
    source.s_out.connect(list(net.inputs))
    net.outputs[0].connect(sink.a_in)
    net.any_process.run(condition=RunSteps(num_steps=total), run_cfg=run_configuration(graph.is_integer))
    readout = sink.data.get()[:, net.depth :].reshape(4, samples, steps).sum(axis=-1).astype(int)
    counts = [net.processes[name].count.get().astype(int) for name in ("u_l1", "u_l2")]
    net.any_process.stop()
    for row in [*readout.T, *counts]:
        print(*row)
