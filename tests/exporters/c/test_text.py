"""What stands in the files for those who read them."""

from __future__ import annotations

import numpy as np

from snnhw.exporters.c import text
from snnhw.exporters.c.program import program_of
from tests.exporters.c.test_c import counted, late
from tests.exporters.lava.nets import residual


def test_the_header_says_how_the_input_is_coded_and_what_the_output_is():
    _, graph = residual()
    made = text.header(graph, program_of(graph), "Constants: 3 bytes.")
    assert "x times 32, rounded half to even, clipped to -128..127" in made and " * Constants: 3 bytes.\n" in made
    assert "#define NETWORK_INPUT_SIZE 72\n" in made and "[2][6][6]" in made and "sums over the steps" in made
    graph, _ = counted()
    assert "events, whole numbers 0..3" in text.header(graph, program_of(graph), "") and "the largest of all" in (
        text.header(graph, program_of(graph), "")
    )


def test_bits_of_the_example_come_lowest_first():
    graph, _ = late(1, 1)
    program = program_of(graph)
    spikes = [np.zeros((1, 6, 6), int), np.zeros((1, 6, 6), int)]
    spikes[0][0, 0, 1] = spikes[1][0, 0, 0] = 1  # bits 1 and 6 of the first byte
    made = text.example(program, np.zeros((1, 6, 5), int), spikes, np.zeros((1, 6), int))
    assert "expected_spikes[9] = {\n66, 0" in made and '{"last level 1", 6}' in made


def test_loops_are_there_once_for_each_type_of_weights():
    graph, _ = counted()
    made = text.network(program_of(graph))
    assert made.count('#include "synapses.h"') == len(program_of(graph).weight_types) == 2


def test_the_readme_shows_how_it_is_called():
    graph, _ = late(1, 1)
    made = text.readme(graph, "It takes little.")
    assert "network_step(input, output);" in made and "It takes little." in made and "snnhw-files.json" in made
