"""The files of the C program as text, from its parts; the loops themselves lie in `source/` and are copied."""

from __future__ import annotations

from textwrap import wrap

import numpy as np

from snnhw.exporters.c.arrays import array
from snnhw.exporters.c.program import Program
from snnhw.gates.folder import MANIFEST
from snnhw.gates.text import file_name
from snnhw.graph.ir import Array, Graph

WIDTH = 110  # of a comment
KEEP = "/* Written by snnhw; write it anew rather than changing it. */\n"


def header(graph: Graph, program: Program, account: str) -> str:
    """network.h: sizes, types and the two functions; `account` says what the network takes."""
    lines = "\n".join(f" * {part}" for line in account.splitlines() for part in wrap(line, WIDTH))
    return f"""/* {file_name(graph.name)}: a spiking network in integers.
 *
{lines}
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>

#define NETWORK_INPUT_SIZE {graph.input.size}
#define NETWORK_OUTPUT_SIZE {graph.readout.size}
#define NETWORK_TIMESTEPS {graph.timesteps} /* of a sample */

typedef {program.value} network_value_t;   /* of the input: {_coding(graph)} */
typedef {program.output} network_output_t; /* {_reading(graph)} */

/* Begins a sample. */
void network_reset(void);

/* One time step: takes the input of this step [{_dims(graph.input.shape)}], gives the output of the steps since the
 * reset [{_dims(graph.readout.shape)}]. */
void network_step(const network_value_t *input, network_output_t *output);

#endif
"""


def network(program: Program) -> str:
    """network.c: tables, states, reset and step."""
    types = sorted(program.weight_types)
    loops = "\n".join(
        f'#define WEIGHT {kind}\n#define NAMED(x) x##_{kind}\n#include "synapses.h"\n#undef WEIGHT\n#undef NAMED'
        for kind in types
    )
    return f"""{KEEP}#include "network.h"

typedef network_value_t value_t;

#include "layers.h"

{loops}

#include "weights.h"

/* With NETWORK_OBSERVED, whoever runs the network is shown the spikes of every population in every step. */
#ifdef NETWORK_OBSERVED
void network_observe(int population, const network_value_t *spikes, int size);
#define OBSERVE(population, spikes, size) network_observe(population, spikes, size)
#else
#define OBSERVE(population, spikes, size) ((void)0)
#endif

{chr(10).join(program.tables)}

{chr(10).join(program.states)}

void network_reset(void)
{{
{_indented(program.resets)}
}}

void network_step(const network_value_t *input, network_output_t *output)
{{
{_indented(program.calls)}
    memcpy(output, outputs, sizeof outputs);
}}
"""


def weights(program: Program) -> str:
    """weights.h: every constant."""
    return f"{KEEP}#include <stdint.h>\n\n" + "\n".join(program.constants)


def example(program: Program, stimuli: Array, spikes: list[Array], logits: Array) -> str:
    """example.h: stimuli and what has to come of them.

    Args:
        program: of the network.
        stimuli: integers that enter, [N, 1 or T, *shape].
        spikes: of each population of the program, 0 or 1 [N, T, size].
        logits: integers [N, outputs].
    """
    bits = np.packbits(np.concatenate(spikes, axis=2).astype(np.uint8).ravel(), bitorder="little")
    firsts = np.cumsum([0, *(each.size for each in program.populations)])
    rows = ",\n".join(
        f'    {{"{each.unit} level {each.level + 1}", {first}}}'
        for each, first in zip(program.populations, firsts, strict=False)
    )
    return f"""{KEEP}
#define SAMPLES {len(stimuli)}
#define FRAMES {stimuli.shape[1]} /* of a sample; one is shown in every step */
#define SPIKES_OF_A_STEP {firsts[-1]}

static const struct {{
    const char *name;
    long first; /* of its spikes among those of a step */
}} populations[] = {{
{rows}
}};

{array("network_value_t", "stimuli", stimuli)}
/* One bit for each spike: samples, steps, populations, neurons; the lowest bit first. */
{array("uint8_t", "expected_spikes", bits)}
{array("network_output_t", "expected_output", logits)}"""


def readme(graph: Graph, takes: str) -> str:
    """What the folder is, how it is tried and how it is called; `takes` is the account of memory and operations."""
    return f"""# {file_name(graph.name)} in C

C99 without heap and floating point. {takes}

    make test        # runs the example and compares every spike of every population, and the output
    make sanitize    # the same under the address and undefined-behaviour sanitizers
    make size        # flash and RAM, also for a Cortex-M4 where arm-none-eabi-gcc is at hand

`make test CC=clang` takes another compiler. In a program of your own, compile `network.c` and include `network.h`:

    network_reset();                      /* before each sample */
    for (int t = 0; t < NETWORK_TIMESTEPS; t++)
        network_step(input, output);      /* output: of the steps since the reset */

| file | content |
|---|---|
| `network.h` | sizes, types, how the input is coded, memory and operations |
| `network.c` | tables, states and the calls of a step |
| `layers.h`, `synapses.h` | the loops, the same for every network |
| `weights.h` | weights, biases, thresholds and decays |
| `harness.c`, `example.h` | the test: stimuli, expected spikes and output |
| `{MANIFEST}` | names and sha256 of all these files, by which the next export knows its own |

States are static, so one program holds one copy of the network; for two networks, rename the functions of one with
`-Dnetwork_reset=other_reset -Dnetwork_step=other_step`. With `-DNETWORK_OBSERVED`, `network_observe` is called with the
spikes of each population in each step.
"""


def _coding(graph: Graph) -> str:
    node = graph.input
    low, high = node.integers
    if node.levels is not None:
        return f"events, whole numbers 0..{min(node.levels, high)}"
    return f"x times {node.scale or 1.0:.9g}, rounded half to even, clipped to {low}..{high}"


def _reading(graph: Graph) -> str:
    words = {"sum": "sums over the steps", "last": "of the last step", "max": "the largest of all steps"}
    return f"of the output: {words[graph.readout.reduction]}"


def _dims(shape: tuple[int, ...]) -> str:
    return "][".join(map(str, shape))


def _indented(statements: list[str]) -> str:
    return "\n".join(f"    {statement}" for statement in statements)
