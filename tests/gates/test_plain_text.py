"""TOML and JSON within their bounds come through; everything else is one sentence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.gates.plain_text import MAX_DEPTH, check_plain, parse_toml, read_json, read_toml, shown
from tests.fuzz import fuzzed, mutated

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@fuzzed
@given(PLAIN)
def test_what_keeps_the_bounds_comes_through(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("j") / "a"
    path.write_text(json.dumps(value))
    assert read_json(path, "card", "look") == value


def deep(levels):
    return "[" * levels + "]" * levels


JSON_FAULTS = [
    (deep(MAX_DEPTH + 1), f"nested more than {MAX_DEPTH} deep"),
    (deep(10**5), f"nested more than {MAX_DEPTH} deep"),
    ("1" * 5000, "Cannot read the card"),
    (str(2**63), "a whole number takes more than 64 bits"),
    (str(-(2**63) - 1), "a whole number takes more than 64 bits"),
    (r'{"a": "\udc80"}', "half of a character"),
    (r'{"\ud800": 1}', "half of a character"),
    ("", "Cannot read the"),
    ("{", "Cannot read the"),
    ("\0", "Cannot read the"),
]
TOML_FAULTS = [
    (f"a = {deep(MAX_DEPTH)}", f"nested more than {MAX_DEPTH} deep"),
    (f"a = {deep(10**5)}", f"nested more than {MAX_DEPTH} deep"),
    ("[" + "a." * 1000 + "a]", f"nested more than {MAX_DEPTH} deep"),
    ("a." * 1000 + "a = 1", f"nested more than {MAX_DEPTH} deep"),
    (f"a = {'9' * 5000}", "Cannot read the profile"),
    (f"a = {2**63}", "a whole number takes more than 64 bits"),
    ("a = 0x" + "f" * 5000, "a whole number takes more than 64 bits"),
    ("a = 1\na = 2", "Cannot read the"),
    ("a = ", "Cannot read the"),
]


@pytest.mark.parametrize(("text", "says"), JSON_FAULTS, ids=[t[:20] for t, _ in JSON_FAULTS])
def test_json_faults(tmp_path, text, says):
    (tmp_path / "a").write_text(text)
    with pytest.raises(InputError, match=says) as refused:
        read_json(tmp_path / "a", "card", "look for it")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("text", "says"), TOML_FAULTS, ids=[t[:20] for t, _ in TOML_FAULTS])
def test_toml_faults(tmp_path, text, says):
    (tmp_path / "a").write_text(text)
    with pytest.raises(InputError, match=says) as refused:
        read_toml(tmp_path / "a", "profile", "look for it")
    assert "\n" not in str(refused.value)


def test_bytes_that_are_no_text_and_files_that_are_too_long(tmp_path):
    (tmp_path / "a").write_bytes(b"a = '\xff'")
    with pytest.raises(InputError, match="it is no text in UTF-8"):
        read_toml(tmp_path / "a", "profile", "look for it")
    (tmp_path / "a").write_bytes(b" " * (4 * 2**20 + 1))
    with pytest.raises(InputError, match="has more than 4 MiB; shorten it"):
        read_json(tmp_path / "a", "card", "look for it")
    with pytest.raises(InputError, match=r"There is no file .*none; look for it"):
        read_toml(tmp_path / "none", "profile", "look for it")


VALID = [
    b'{"model": "digits", "arguments": {"widths": [1, 2, 3]}, "accuracy": 0.5, "note": "\\u00e9\\ud83d\\ude00"}',
    b'name = "a"\n[constants.synop]\nvalue = 1.5e-3\nlow = 1\nt = 1979-05-27T07:32:00Z\n[[x]]\ny = {a.b = [1, 2]}\n',
]


@fuzzed
@given(mutated(VALID, [b"[" * 40, b"{" * 40, b'"a":', b"9" * 30, b"1e400", b"\\ud800", b"'''", b"inf", b"a.b.c"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("t") / "a"
    path.write_bytes(content)
    for read in (read_json, read_toml):
        try:
            found = read(path, "card", "look")
        except InputError as refused:
            assert "\n" not in str(refused) and len(str(refused)) < 600
        else:
            check_plain(found)
            json.dumps(found, default=str)
    path.unlink()
    path.parent.rmdir()


def test_values_in_messages_are_short():
    loop: list[object] = []
    for _ in range(10**4):
        loop = [loop]
    assert shown("a") == "'a'" and len(shown("x" * 10**6)) == 80
    assert shown(10**5000) == "a int" and len(shown(loop)) <= 80
    assert parse_toml("a = 1") == {"a": 1}
