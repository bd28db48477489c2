"""Images of 0 to 255 in a network that was trained on 0 to 1: one finding, whichever verb meets them."""

import dataclasses

import numpy as np
import pytest

from snnhw.data.inputs import load_inputs
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.workflows.evaluate import evaluate
from snnhw.workflows.input_kind import with_input_kind
from snnhw.workflows.input_range import range_findings
from snnhw.workflows.load import load_model
from snnhw.workflows.quantise import Integers, quantise
from snnhw.workflows.report import ReportOptions, build_report
from snnhw.workflows.simulate import Backend, simulate
from snnhw.workflows.verify import LavaShare, verify


@pytest.fixture(scope="module")
def raw(some):
    """The test images as a camera would save them, uint8."""
    return inputs_of("raw.npz", (some.values * 255).astype(np.uint8), some.targets)


def codes(findings):
    return [finding.code for finding in findings]


def test_far_from_the_training_data(digits, some, raw):
    (found,) = range_findings(digits, [raw])
    assert found.code == "input-off-training" and found.severity == "warning"
    assert found.message == (
        "raw.npz holds values of 0 to 255, and digits_ds_resnet8 was trained on digits, which holds 0 to 1"
    )
    assert "divide images of 0 to 255 by 255" in found.remedy
    assert range_findings(digits, [some]) == ()
    twice = inputs_of("twice", some.values / 255, None)
    assert codes(range_findings(digits, [twice])) == ["input-off-training"]
    (unknown,) = range_findings(dataclasses.replace(digits, card={}), [raw])  # nothing is known of the training
    assert unknown.code == "bytes-as-they-are" and unknown.severity == "info"
    assert range_findings(dataclasses.replace(digits, card={}), [twice]) == ()


def test_far_from_the_calibration(digits, some, raw):
    unknown = dataclasses.replace(digits, card={})
    for inputs, calibration in ((raw, some), (some, raw)):
        (found,) = range_findings(unknown, [inputs, calibration])
        assert found.code == "input-off-calibration" and inputs.name in found.message.split(",")[0]
    assert range_findings(unknown, [some, some]) == ()
    assert codes(range_findings(unknown, [raw, raw])) == ["bytes-as-they-are"] * 2


def test_clipped_by_the_code_of_integers(digits, some, raw, tmp_path):
    """The share is counted by hand: pixels whose integer is larger than the largest that fits."""
    quantise(digits, load_inputs("digits:train").first(64), tmp_path / "integers.nir")
    integers = load_model(tmp_path / "integers.nir")
    node = integers.graph.input
    (found,) = range_findings(integers, [raw])
    largest = (2 ** (node.bits - 1) - 1) / node.scale
    share = float((raw.values > largest + 0.5 / node.scale).mean())
    assert 0.3 < share < 0.7 and found.message.startswith(
        f"{share:.1%} of the values of raw.npz, 0 to 255, are clipped"
    )
    assert found.code == "input-clipped" and found.node == node.name
    assert range_findings(integers, [some]) == ()
    one = np.where(np.arange(some.values.size).reshape(some.values.shape) == 5, 1000.0, some.values)
    assert codes(range_findings(integers, [inputs_of("one", one, None)])) == ["input-clipped"]  # one value, far away
    near = np.where(np.arange(some.values.size).reshape(some.values.shape) == 5, 3.0, some.values)
    assert range_findings(integers, [inputs_of("near", near, None)]) == ()
    run = simulate(integers, raw, tmp_path / "spikes.npz", Backend("torch-int"))
    assert codes(run.findings) == ["input-clipped"]


def test_every_verb_says_it(digits, raw, tmp_path):
    assert "input-off-training" in codes(with_input_kind(digits, raw).findings)
    assert codes(simulate(digits, raw, tmp_path / "spikes.npz").findings) == ["input-off-training"]
    assert codes(build_report(digits, raw).findings) == ["input-off-training"]
    assert codes(quantise(digits, raw, tmp_path / "raw.nir").findings) == ["input-off-training"]


@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8"])
def test_labels_of_any_type_are_the_same_in_every_verb(digits, some, tmp_path, dtype):
    same = inputs_of("same", some.values, some.targets.astype(dtype))
    right = evaluate(digits, some).accuracy
    assert evaluate(digits, same).accuracy == right
    assert simulate(digits, same, tmp_path / "spikes.npz").accuracy == right
    assert build_report(digits, same).accuracy == {"float": right}
    assert quantise(digits, same, tmp_path / "integers.nir").loss.float_accuracy == right


def test_labels_of_other_classes_are_left_out_with_a_finding_or_refused_where_they_are_all(digits, some, tmp_path):
    """One rule: what needs no labels runs without them and says so; what is about accuracy alone refuses first."""
    wrong = dataclasses.replace(some, name="wrong", targets=np.full(len(some), 10))
    bare = dataclasses.replace(some, targets=None)
    for run in (
        lambda: evaluate(digits, wrong),
        lambda: build_report(digits, wrong, ReportOptions(levels=True)),
        lambda: quantise(digits, wrong, tmp_path / "integers.nir", Integers(finetune=1)),
    ):
        with pytest.raises(InputError, match=r"labels of wrong reach 10 and the network has the outputs 0\.\.9"):
            run()
    assert not list(tmp_path.iterdir())
    ran, plain = (simulate(digits, data, tmp_path / "spikes.npz") for data in (wrong, bare))
    assert ran.accuracy is None and np.array_equal(ran.record.logits, plain.record.logits)
    report = build_report(digits, wrong)
    assert report.accuracy == {}
    integers = quantise(digits, wrong, tmp_path / "integers.nir")
    assert integers.loss.float_accuracy is None
    certificate = verify(digits, wrong, wrong, tmp_path, LavaShare(0))
    assert certificate.certificate.accuracy == {}
    for findings in (ran.findings, report.findings, integers.findings, certificate.findings):
        (said,) = (f for f in findings if f.code == "labels-of-other-classes")
        assert said.message.startswith("the labels of wrong reach 10 and digits_ds_resnet8 has the outputs 0..9: they")
