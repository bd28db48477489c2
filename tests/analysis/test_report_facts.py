import pytest

from analysis.ranges import Range
from analysis.report_facts import CHEAPER, DEARER, OPEN, Line, Rival, accuracies, fidelity, headline, verdict
from tests.analysis.report_sample import sample_report


@pytest.mark.parametrize(
    ("low", "high", "word"), [(0.2, 0.99, CHEAPER), (1.01, 3, DEARER), (0.5, 1.5, OPEN), (1, 1, OPEN), (0.5, 1, OPEN)]
)
def test_verdict_needs_the_whole_range(low, high, word):
    assert verdict(Range(low, low, high)) == word


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
