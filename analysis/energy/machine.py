"""The ANN twin of a measured profile: run on the same machine as the network, so that nothing of it is computed."""

from __future__ import annotations

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.estimate import CHIP, Term
from snnhw.analysis.energy.twin_assumes import assumed, computes
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.workload import check_workload
from snnhw.analysis.ranges import Range

MEASURED = "measured"  # the model of such profiles


def measured_twin(counts: NetworkCounts, profile: Profile) -> AnnEstimate:
    """The twin in FP32, J per inference as it was measured.

    Args:
        counts: of the network that was measured.
        profile: of the model "measured".

    Raises:
        InputError: the profile is a measurement of another network.
    """
    check_workload(profile.measured_on, counts, profile.name)
    term = Term(CHIP, "machine", "inferences", Range.exact(1.0), profile["twin_inference"], by_spikes=False)
    macs = counts.total("dense_macs")
    said = (*assumed(counts, profile.scope), *profile.assumes)
    return AnnEstimate("fp32", profile.scope, (profile.name,), macs, (term,), said, computes(counts))
