from dataclasses import replace

import pytest

from snnhw.analysis.report.likeness import advantages, twin_bits
from tests.analysis.report_sample import sample_report


@pytest.fixture(scope="module")
def pairs():
    report = sample_report(complete=False, profiles=("loihi1-davies2018", "horowitz45-fp32", "loihi2", "speck"))
    return {
        (name, key): (report.energy[name], twin) for name, twins in report.ann.items() for key, twin in twins.items()
    }


@pytest.mark.parametrize(
    ("profile", "twin", "network", "other"),
    [
        ("horowitz45-fp32", "fp32", [], []),
        ("horowitz45-fp32", "int8", [], ["the network computes in 32 bits, the twin in 8"]),
        ("loihi1-davies2018", "int8", [], []),  # 14 nm lies between the 7 and 45 nm of the twin
        ("loihi1-davies2018", "fp32", ["the network computes in 8 bits, the twin in 32"], []),
        (
            "speck",
            "int8",
            ["how wide the numbers of speck are is not stated"],
            [
                "how wide the numbers of speck are is not stated",
                "the network is priced at 65 nm, the twin at 7 to 45 nm",
            ],
        ),
    ],
)
def test_who_has_it_easier(pairs, profile, twin, network, other):
    assert list(advantages(*pairs[profile, twin], of_network=True)) == network
    assert list(advantages(*pairs[profile, twin], of_network=False)) == other


def test_newer_transistors_are_an_advantage_of_the_network(pairs):
    found, twin = pairs["loihi2", "int8"]
    older = replace(twin, profiles=("horowitz45-int8",))
    assert advantages(found, older, of_network=True) == ("the network is priced at 7 nm, the twin at 45 nm",)
    assert advantages(found, older, of_network=False) == ()


def test_bits_of_a_matched_twin_are_in_its_name(pairs):
    _, twin = pairs["horowitz45-fp32", "int8"]
    assert twin_bits(twin) == 8 and twin_bits(replace(twin, precision="int4, matched")) == 4
