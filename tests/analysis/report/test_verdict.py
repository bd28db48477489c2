from dataclasses import replace

import pytest

from snnhw.analysis.digits import range_text
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.verdict import (
    BARE,
    CHEAPER,
    DEARER,
    HIGHER,
    LOWER,
    OPEN,
    Line,
    Rival,
    accuracies,
    fidelity,
    first_sentence,
    headline,
    latency,
    lines,
    verdict,
)
from tests.analysis.report_sample import sample_report


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.2, 0.99, CHEAPER), (1.01, 3, DEARER), (0.5, 1.5, OPEN), (1, 1, OPEN), (0.5, 1, OPEN)]
)
def test_verdict_needs_the_whole_range(low, high, word):
    assert verdict(Range(low, low, high)) == word


@pytest.mark.parametrize(("low", "high", "word"), [(0.2, 0.9, CHEAPER), (0.5, 2, OPEN), (1.1, 3, BARE)])
def test_twin_without_memory_can_lose_but_not_win(low, high, word):
    assert verdict(Range(low, low, high), alike=False) == word


def test_narrower_numbers_or_newer_technology_win_nothing():
    assert verdict(Range(0.2, 0.5, 0.9), advantage=True) == LOWER
    assert verdict(Range(1.2, 1.5, 1.9), handicap=True) == HIGHER
    assert verdict(Range(1.2, 1.5, 1.9), advantage=True) == DEARER  # dearer in spite of it
    assert verdict(Range(0.2, 0.5, 0.9), handicap=True) == CHEAPER
    assert verdict(Range(0.2, 1, 1.9), advantage=True, handicap=True) == OPEN
    (int8,) = [r for r in lines(sample_report(complete=False))[1].rivals if r.precision == "INT8"]
    assert (int8.verdict, int8.why) == (HIGHER, "the network computes in 32 bits, the twin in 8")


def test_what_is_not_settled_says_what_decides():
    for line in lines(sample_report(complete=False, profiles=("loihi2", "lemaire45", "yan22"))):
        for rival in line.rivals:
            assert bool(rival.why) is (rival.verdict in (OPEN, LOWER, HIGHER))
            if rival.verdict == OPEN:
                assert "decides" in rival.why


def test_profiles_of_arithmetic_alone_are_compared_alike():
    report = sample_report(complete=False, profiles=("horowitz45-fp32", "loihi1-davies2018"))
    arithmetic, chip = lines(report)
    assert {rival.verdict for rival in arithmetic.rivals} <= {CHEAPER, DEARER, OPEN, HIGHER}
    assert {rival.verdict for rival in chip.rivals if rival.scope == "arithmetic"} == {BARE}
    assert {rival.scope for rival in chip.closest} == {"memory"}
    assert {rival.verdict for rival in chip.closest} <= {CHEAPER, DEARER, OPEN}


def test_one_set_of_constants_is_compared_alike_whatever_it_covers():
    (chip,) = lines(sample_report(complete=False, profiles=("gpu-titan-black",)))
    assert [rival.verdict for rival in chip.rivals] == [DEARER]


def test_every_line_says_what_of_the_machine_its_energy_covers():
    report = sample_report(complete=False, profiles=("horowitz45-fp32", "loihi1-davies2018"))
    shown = {line.profile: line.covers for line in lines(report)}
    assert shown == {name: scope_words(load_profile(name).scope) for name in report.energy}
    assert set(shown.values()) == {"the arithmetic alone", "the work of the cores in use"}


def line(profile, **verdicts):
    rivals = tuple(Rival(precision.upper(), "1 J", "1", word) for precision, word in verdicts.items())
    return Line(profile, profile, "1 J", "1 J", "measured", rivals)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ((), ""),
        (
            (line("a", fp32=CHEAPER, int8=CHEAPER),),
            "The spiking network needs less energy than its FP32 and INT8 twins on a.",
        ),
        (
            (line("a", fp32=DEARER, int8=DEARER), line("b", fp32=DEARER, int8=DEARER)),
            "The spiking network needs more energy than its FP32 and INT8 twins on both profiles.",
        ),
        (
            (line("a", fp32=DEARER, int8=DEARER), line("b", fp32=CHEAPER, int8=DEARER)),
            "The spiking network needs less energy than its FP32 twin on b; "
            "it needs more energy than its FP32 twin on a, and than its INT8 twin on both profiles.",
        ),
        (
            (*(line(name, fp32=OPEN) for name in "abc"), line("d", fp32=CHEAPER)),
            "The spiking network needs less energy than its FP32 twin on d; "
            "it cannot be told apart from its FP32 twin on a, b and c.",
        ),
        (tuple(line(name, fp32=OPEN) for name in "abc"),
            "The spiking network cannot be told apart from its FP32 twin on all 3 profiles."),
        (
            (*(line(name, fp32=DEARER) for name in "abcd"), line("e", fp32=CHEAPER)),
            "The spiking network needs less energy than its FP32 twin on e; "
            "it needs more energy than its FP32 twin on 4 of 5 profiles.",
        ),
    ],
)  # fmt: skip
def test_headline_says_where_it_wins_and_where_it_loses(found, sentence):
    assert headline(found) == sentence


def test_fidelity_counts_what_was_compared():
    report = sample_report()
    compared = sum(agreement.compared for agreement in report.certificate.agreements)
    short, long = fidelity(report)
    assert short == "spike-exact"
    assert str(compared) in long.replace("\u202f", "")


def test_fidelity_says_when_stages_differ():
    report = sample_report()
    loss = report.certificate.quantisation
    assert loss.differing > 0
    broken = type(report.certificate)((loss,), None, {})
    short, long = fidelity(type(report)(report.stamp, report.model, report.counts, {}, {}, certificate=broken))
    assert short == "differs"
    assert long.replace("\u202f", "").startswith(f"{loss.differing} of {loss.compared} compared spike slots in 1 pair")


def test_nothing_is_said_without_certificate_or_accuracy():
    report = sample_report(complete=False)
    assert fidelity(report) == ("", "")
    assert accuracies(report) == ()


def test_latency_is_the_steps_times_the_slowest_core():
    report = sample_report(complete=False)
    time, chip = latency(report)
    load = report.static["loihi1-davies2018"]["batch1"].load
    assert (time, chip) == (range_text(load.seconds, "s"), "Loihi 1")
    assert latency(sample_report(complete=False, profiles=("horowitz45-fp32",))) == ("", "")


def test_a_network_without_weights_is_not_compared():
    report = sample_report(complete=False, profiles=("horowitz45-fp32",))
    assert first_sentence(report) == headline(lines(report)) != ""
    bare = replace(report, counts=replace(report.counts, layers=()))
    assert first_sentence(bare) == "The network has no weights, so there is no ANN twin to compare it with."
