"""Publications that profiles name: each entry once, and a link where a DOI is known, in the prose as it stands."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.hardware.references import DOI, known_references, pieces, references

LOIHI = "Davies et al., IEEE Micro 38(1), 2018"


def test_no_two_entries_share_a_name():
    names = [name for entry in references() for name in entry.names]
    assert len(names) == len(set(names)) and len(references()) > 10


def test_a_source_may_name_several():
    both = known_references("Horowitz, ISSCC 2014; Jouppi et al., ISCA 2021")
    assert [entry.key for entry in both] == ["horowitz2014computing", "jouppi2021ten"]
    assert known_references("nobody") == ()


@given(st.text())
@example(f"{LOIHI}: Table 2; {LOIHI}")
@example('see 10.1000/"><script>')
def test_the_pieces_are_the_prose_and_addresses_hold_nothing_that_html_reads(source):
    found = pieces(source)
    assert "".join(piece.text for piece in found) == source and all(piece.text for piece in found)
    for piece in found:
        assert not piece.address or re.fullmatch(r"https://doi\.org/10\.\d{4,9}/[-._;()/:A-Za-z0-9%]+", piece.address)


def test_names_and_dois_lead_to_the_publication():
    found = pieces(f"Seen in {LOIHI}: Table 2; doi:10.1145/3584954.3585000.")
    assert [(piece.text, piece.address) for piece in found] == [
        ("Seen in ", ""),
        (LOIHI, f"{DOI}10.1109/MM.2018.112130359"),
        (": Table 2; doi:", ""),
        ("10.1145/3584954.3585000", f"{DOI}10.1145/3584954.3585000"),
        (".", ""),
    ]
    assert pieces("arXiv:1903.08941") == (("arXiv:1903.08941", f"{DOI}10.48550/arXiv.1903.08941"),)


def test_most_sources_of_the_profiles_and_of_a_chip_lead_somewhere():
    sources = {c.source for name in available_profiles() for c in load_profile(name).constants.values()}
    linked = {source for source in sources if any(piece.address for piece in pieces(source))}
    assert len(linked) > len(sources) / 2
    assert any(piece.address for piece in pieces(load_chip("loihi1").source))
