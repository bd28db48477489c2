"""Keys of TOML tables are read as what they must be; a wrong one is named with its file."""

import pytest

from snnhw.analysis.hardware.keys import number_at, refuse_unknown, table_of, text_at, texts_of
from snnhw.errors import InputError


def test_what_is_right_comes_back():
    data = {"a": 3, "b": "text", "c": ["x"], "d": {}}
    assert number_at(data, "a", "f") == 3.0 and text_at(data, "b", "f") == "text"
    assert texts_of(data["c"], "f") == ("x",) and table_of(data["d"], "f") == {}
    refuse_unknown(data, {"a", "b", "c", "d"}, "f")


@pytest.mark.parametrize(
    "read",
    [
        lambda: number_at({"a": -1}, "a", "f.toml"),
        lambda: number_at({"a": True}, "a", "f.toml"),
        lambda: number_at({}, "a", "f.toml"),
        lambda: text_at({"a": " "}, "a", "f.toml"),
        lambda: texts_of("x", "f.toml"),
        lambda: table_of([], "f.toml"),
        lambda: refuse_unknown({"a": 1}, {"b"}, "f.toml"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(read):
    with pytest.raises(InputError, match=r"^f\.toml"):
        read()
