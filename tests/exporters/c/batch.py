"""Many networks as one C program, since the cost of a compiler is its start: the exporter's text, names told apart.

What `snnhw.exporters.c` writes of each network goes into one file for each type of values, its static names numbered by
macros. The program reads stimuli and writes the spikes of every population in every step, and the output.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnhw.exporters.c import folder as c_folder
from snnhw.exporters.c import text
from snnhw.exporters.c.program import Program, program_of
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.frames import check_inputs
from snnhw.simulation.record import SpikeRecord

STATIC = re.compile(r"^static (?:const )?\w+ (\w+)", re.MULTILINE)
FLAGS = ("-std=c99", "-O0", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function")
TYPES = {"int8_t": np.int8, "int16_t": np.int16, "int32_t": np.int32}
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Job:
    """One network with its samples, and the record that the engine made of them."""

    graph: Graph
    inputs: Array
    record: SpikeRecord
    events: bool = False

    @property
    def stimuli(self) -> Array:
        """Integers that enter [N, T, *shape]."""
        coded = self.graph.input.coded(check_inputs(self.graph, self.inputs))
        return np.broadcast_to(coded, (len(coded), self.graph.timesteps, *self.graph.input.shape))

    def expected(self, program: Program) -> bytes:
        """What the program has to write: for each sample the spikes of every step, then the output in 64 bits."""
        shape = self.record.samples, self.record.timesteps
        spikes = [self.record.raster[p.unit][:, :, p.level].reshape(*shape, -1) for p in program.populations]
        steps = np.concatenate(spikes, axis=2).astype(np.uint8)
        ends = self.record.logits.reshape(len(steps), -1).astype("<i8")
        return b"".join(fired.tobytes() + end.tobytes() for fired, end in zip(steps, ends, strict=True))


def as_the_engine(jobs: Sequence[Job]) -> list[bool]:
    """For each job whether C sends and gives what its record says; a program that ends early is wrong from there on."""
    programs = [program_of(job.graph, events=job.events) for job in jobs]
    right = [False] * len(jobs)
    for kind in sorted({program.value for program in programs}):
        places = [place for place, program in enumerate(programs) if program.value == kind]
        said = _said(kind, [(place, jobs[place], programs[place]) for place in places])
        at = 0
        for place in places:
            wanted = jobs[place].expected(programs[place])
            right[place] = said[at : at + len(wanted)] == wanted
            at += len(wanted)
    return right


def _said(kind: str, jobs: list[tuple[int, Job, Program]]) -> bytes:
    """What the program of networks with one type of values writes."""
    with tempfile.TemporaryDirectory(prefix="snnhw-batch-") as folder:
        source, program = Path(folder) / "batch.c", Path(folder) / "batch"
        source.write_text("\n".join(_source(kind, jobs)))
        command = ["gcc", *FLAGS, "-I", str(c_folder.SOURCE), str(source), "-o", str(program)]
        built = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        if built.returncode:
            raise RuntimeError(f"A batch of {len(jobs)} networks does not compile: {built.stderr}")
        given = b"".join(np.ascontiguousarray(job.stimuli, TYPES[kind]).tobytes() for _, job, _ in jobs)
        return subprocess.run([str(program)], input=given, capture_output=True, timeout=TIMEOUT_S, check=False).stdout


def _source(kind: str, jobs: list[tuple[int, Job, Program]]) -> Iterator[str]:
    yield f"""#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#define NETWORK_OBSERVED
typedef {kind} network_value_t;
typedef network_value_t value_t;
#include "layers.h"
void network_observe(int population, const network_value_t *spikes, int size)
{{
    (void)population;
    for (int i = 0; i < size; i++)
        putchar(spikes[i]);
}}"""
    for weights in sorted(set().union(*(program.weight_types for _, _, program in jobs))):
        yield f'#define WEIGHT {weights}\n#define NAMED(x) x##_{weights}\n#include "synapses.h"'
        yield "#undef WEIGHT\n#undef NAMED"
    for number, job, program in jobs:
        yield from _network(number, job, program)
    calls = "\n".join(f"    run_{number}();" for number, _, _ in jobs)
    yield f"int main(void)\n{{\n{calls}\n    return 0;\n}}"


def _network(number: int, job: Job, program: Program) -> Iterator[str]:
    """The constants, states and steps of one network, and the loop over its samples."""
    constants = text.weights(program)
    body = text.network(program).split('#include "weights.h"\n', 1)[1]
    names = [*STATIC.findall(constants), *STATIC.findall(body), "network_reset", "network_step"]
    yield from (f"#define {name} {name}_{number}" for name in names)
    yield f"#define network_output_t {program.output}"
    yield constants
    yield body
    yield f"""static void run_{number}(void)
{{
    static network_value_t in[{job.graph.input.size}];
    static network_output_t out[{job.graph.readout.size}];
    for (int n = 0; n < {len(job.stimuli)}; n++) {{
        network_reset();
        for (int t = 0; t < {job.graph.timesteps}; t++) {{
            if (fread(in, sizeof *in, sizeof in / sizeof *in, stdin) != sizeof in / sizeof *in)
                exit(1);
            network_step(in, out);
        }}
        for (unsigned i = 0; i < sizeof out / sizeof *out; i++) {{
            const int64_t end = out[i];
            fwrite(&end, sizeof end, 1, stdout);
        }}
    }}
}}"""
    yield from (f"#undef {name}" for name in [*names, "network_output_t"])
