"""References: every source of a price is cited, known ones by their entry, others in the words of the profile."""

from __future__ import annotations

import re

import pytest

from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.sharing.bibliography import bibtex, cited, constants, references_of
from tests.analysis.report_sample import sample_report
from tests.analysis.sharing.bib import entries

NEEDED = {"article": {"author", "title", "journal", "year"}, "inproceedings": {"author", "title", "booktitle", "year"}}


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False, profiles=available_profiles())


def test_the_file_can_be_read_and_has_every_source_of_every_price(report):
    found = entries(bibtex(report))
    assert found["snnhw"]["note"].startswith("Version ")
    terms = [term for estimate in report.energy.values() for term in estimate.terms]
    terms += [term for twins in report.ann.values() for twin in twins.values() for term in twin.terms]
    assert {term.constant for term in terms} <= set(constants(report))
    for constant in constants(report):
        assert {entry.key for entry in references_of(constant.source)} <= set(found), constant.source
    for fields in found.values():
        assert set(fields) >= NEEDED.get(fields["type"], {"title"})
        assert not fields.get("doi", "10.").startswith("http")


def test_every_source_of_every_profile_has_an_entry_and_few_are_prose_alone():
    sources = {c.source for name in available_profiles() for c in load_profile(name).constants.values()}
    prose = {source for source in sources if "key" in references_of(source)[0].fields}
    assert len(sources) > 15
    assert {re.split("[ ,]", source)[0] for source in prose} == {"lava-dl", "NECOTIS", "qualia-plugin-snn"}


def test_a_source_may_name_several_and_the_ranges_have_sources_too():
    both = references_of("Horowitz, ISSCC 2014; Jouppi et al., ISCA 2021")
    assert [entry.key for entry in both] == ["horowitz2014computing", "jouppi2021ten"]
    synop = load_profile("loihi1-davies2018")["synop"]
    assert [entry.key for entry in cited([synop])] == ["davies2018loihi", "boyle2025sanafe", "frady2020neuromorphic"]


def test_prose_becomes_an_entry_that_can_be_read():
    (entry,) = references_of("Nobody & Sons, 100 % {unknown}_source")
    fields = entries(entry.bibtex)[entry.key]
    assert entry.key == "nobody-sons-100-unknown" and r"\& Sons, 100 \% \{unknown\}\_source" in fields["title"]
    assert references_of("???")[0].key == "source"
