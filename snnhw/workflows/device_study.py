"""What memristive devices do to a model: its integers on chips that are drawn, along the axes of a plan."""

from __future__ import annotations

from snnhw.analysis.crossbar.devices import chips, reads, weights
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.ir import Graph
from snnhw.progress import Progress
from snnhw.quantisation import CALIBRATION_SAMPLES
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.finetune import Tuning, finetune
from snnhw.studies.device_curves import device_curves
from snnhw.studies.device_plan import DevicePlan
from snnhw.studies.device_result import DeviceCurves
from snnhw.workflows.for_data import check_labels, for_data
from snnhw.workflows.integers import with_integer_findings
from snnhw.workflows.load import LoadedModel

ESTIMATED = "Wires are solved by an estimate that is exact for small resistances; --wires exact solves every tile."
WITHOUT_WIRES = "Wires are left out (--wires none): no line has a resistance, and no device far away gets less."
NO_WIRE = "Wires have no resistance: the device gives none."
FIXED = "On every axis but their own the bits of converters are those of the crossbar's file: {bits}."
STEPS = (
    "A converter of few bits has the step, a power of two below its full scale, whose squared error is least on ideal "
    "devices."
)


def study_devices(
    model: LoadedModel, inputs: Samples, calibration: Samples, plan: DevicePlan, progress: Progress | None = None
) -> DeviceCurves:
    """Accuracy of `model` on the chips of `plan`.

    Args:
        model: any loaded model; floats become Loihi integers.
        inputs: labelled samples that judge, at least `plan.needed`.
        calibration: samples that fix the scales of the integers and the steps of converters.
        plan: what is varied.
        progress: called with stage, steps finished, steps in all.

    Raises:
        InputError: the samples do not fit, are too few or have no labels, or the network cannot be on crossbars.
    """
    model = with_integer_findings(for_data(model, inputs, calibration))
    check_labels(model, inputs)
    values = calibration.first(CALIBRATION_SAMPLES).values
    graph = _integers(model, calibration, plan, progress)
    mapping = map_crossbars(graph, plan.crossbar)
    points = tuple(device_curves(mapping.graph, inputs, plan, values, progress))
    return DeviceCurves(
        model=model.name,
        input=inputs.name,
        plan=plan,
        points=points,
        tiles=mapping.tiles,
        devices=mapping.devices,
        lossless_bits=max(layer.lossless_bits for layer in mapping.layers),
        assumes=(*_assumes(plan), *mapping.assumes),
        findings=model.findings,
    )


def _integers(model: LoadedModel, calibration: Samples, plan: DevicePlan, progress: Progress | None) -> Graph:
    """The integers of `model`, fine-tuned with the noise of the devices where the plan says so."""
    if model.graph.is_integer:
        if plan.finetune:
            raise InputError(f"Model {model.name!r} is in integers already; give the float network to --finetune.")
        return model.graph
    made = compile_loihi(model.graph, calibration.first(CALIBRATION_SAMPLES).values, progress=progress)
    if plan.finetune:
        check_labels(model, calibration)
        layers = programmed(map_crossbars(made.graph, plan.crossbar))
        noise = weights.weight_deviations(layers, plan.device, plan.time_s)
        made = finetune(model.graph, made, calibration, Tuning(epochs=plan.finetune, weight_noise=noise), progress)
    return made.graph


def _assumes(plan: DevicePlan) -> tuple[str, ...]:
    """What the numbers of `plan` take for granted."""
    has_wires = any(plan.wire_ohm) or plan.conditions.has_wires
    said = [*plan.described.assumptions, *chips.ASSUMES]
    fixed = plan.crossbar.adc_bits if plan.others else None
    said += weights.ASSUMES if plan.others and fixed is None else ()
    said += (FIXED.format(bits=fixed),) if fixed is not None else ()
    said += reads.ASSUMES if plan.device.read_noise else ()
    if plan.wires == "none":
        said.append(WITHOUT_WIRES)
    elif not has_wires:
        said.append(NO_WIRE)
    said += (ESTIMATED,) if has_wires and plan.wires == "estimate" else ()
    said += (STEPS,) if plan.adc_bits or fixed is not None else ()
    return tuple(said)
