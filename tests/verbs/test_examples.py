"""The examples below the help of a verb: every verb has one, each is a command the parser takes, some are run."""

from __future__ import annotations

import shlex

import pytest
import typer

from snnhw.cli import VERBS, app
from snnhw.verbs.examples import EXAMPLES, epilog

RUN = ("snnhw energy digits", "snnhw profiles", "snnhw check digits --target loihi1", "snnhw map digits --chip loihi2")


def test_every_verb_has_an_example_of_its_own():
    assert EXAMPLES.keys() == VERBS.keys()
    assert all(line.startswith(f"snnhw {verb}") for verb, lines in EXAMPLES.items() for line in lines)
    assert epilog("no such verb") is None and epilog("zoo") == "Example:\n\nsnnhw zoo"


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_the_parser_takes_it(line):
    _, verb, *arguments = shlex.split(line)
    command = typer.main.get_command(app)
    parsed = command.commands[verb].make_context(verb, arguments)
    assert parsed.params and len(line) <= 100


@pytest.mark.parametrize("line", RUN)
def test_it_runs(line, call):
    assert any(line in lines for lines in EXAMPLES.values())
    assert call(*shlex.split(line)[1:], "--json")
