"""Names of profiles for sentences tell the profiles apart."""

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.report.plain_names import plain_names

TITLES = st.dictionaries(
    st.sampled_from("abcdef"), st.sampled_from(["", "Chip", "Chip, old", "Chip, new", "Other, all-in", "Third"])
)


def test_the_rest_of_a_title_stands_only_where_it_is_needed():
    loihi, sanafe, bare = "loihi1-davies2018", "loihi1-sanafe", "horowitz45-fp32"
    titles = {name: load_profile(name).title for name in (loihi, bare)}
    assert plain_names(titles) == {loihi: "Loihi 1", bare: "45 nm CMOS"}
    assert plain_names({**titles, sanafe: load_profile(sanafe).title}) == {
        loihi: "Loihi 1 (energies of Davies et al. 2018)",
        sanafe: "Loihi 1 (constants of SANA-FE (regression on Nahuku silicon))",
        bare: "45 nm CMOS",
    }


def test_profiles_without_a_title_of_their_own_keep_their_names():
    assert plain_names({"a": "", "b": "Same", "c": "Same"}) == {"a": "a", "b": "b", "c": "c"}


@given(TITLES)
def test_no_two_profiles_are_called_alike(titles):
    found = plain_names(titles)
    assert list(found) == list(titles) and len(set(found.values())) == len(found)


def test_all_profiles_of_the_package_are_told_apart():
    titles = {name: load_profile(name).title for name in available_profiles()}
    assert len(set(plain_names(titles).values())) == len(titles)
