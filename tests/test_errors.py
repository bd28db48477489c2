"""The error for unknown names: the nearest one that exists, else all of them."""

from snnhw.errors import InputError, unknown


def test_the_nearest_name_is_offered():
    assert str(unknown("profile", "loihi1-davis", ["loihi1-davies2018", "odin"])) == (
        "There is no profile 'loihi1-davis'; did you mean 'loihi1-davies2018'?"
    )


def test_names_that_begin_with_what_was_typed_come_first():
    known = ["loihi1-davies2018", "loihi1-sanafe", "loihi2", "odin"]
    told = "There is no profile 'loihi1'; did you mean 'loihi1-davies2018' or 'loihi1-sanafe'?"
    assert str(unknown("profile", "loihi1", known)) == told
    assert str(unknown("profile", "l", [*known, "lemaire45"])).endswith(
        "'l'; give one of " + ", ".join([*known, "lemaire45"]) + "."
    )
    assert "give one of" in str(unknown("profile", "", known))


def test_far_names_list_all_and_the_other_way():
    error = unknown("chip", "zzz", ["loihi1", "loihi2"], "a .toml file")
    assert isinstance(error, InputError)
    assert str(error) == "There is no chip 'zzz'; give a .toml file or one of loihi1, loihi2."
    assert str(unknown("zoo network", "zzz", [], "a run folder")) == "There is no zoo network 'zzz'; give a run folder."
