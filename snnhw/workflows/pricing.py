"""The pricing of a recipe that trains for little energy: its profile and deployment, asked for the network as it is.

Training itself knows no profile. What it is handed traces and folds the network, as every report does, and asks the
counters and the estimate, so that the term of the loss and the report agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import nn

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.energy.spike_energy import energy_pj, energy_prices
from snnhw.analysis.hardware.profiles import Profile, load_profile
from snnhw.data.samples import Samples
from snnhw.errors import InputError, unknown
from snnhw.passes import DEPLOYMENTS
from snnhw.simulation.engine import simulate
from snnhw.train.energy import Counted, Priced, Pricing
from snnhw.train.recipe import Recipe
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import LoadedModel, model_of

PROFILE = "loihi1-davies2018"  # where the recipe names none


@dataclass(frozen=True)
class ProfilePricing:
    """Prices of one profile in one deployment."""

    profile: Profile
    deployment: str

    def priced(self, network: nn.Module, data: Samples) -> Priced:
        """Prices and modules of `network`, which is left in evaluation mode."""
        model = _model(network, data)
        prices = energy_prices(model.graph, self.profile, self.deployment)
        modules = model.traced.modules if model.traced is not None else {}
        return Priced(prices, modules, model.graph.input.name)

    def counted(self, network: nn.Module, data: Samples) -> Counted:
        """pJ per inference of all of `data`, at the high end of the range, and the spikes of the engine."""
        graph = _model(network, data).graph
        record = simulate(graph, data.values)
        counts = count(graph, record)
        return Counted(energy_pj(counts, self.profile, self.deployment) / counts.samples, record)

    def of_a_level(self, network: nn.Module, data: Samples) -> dict[str, float]:
        """pJ per inference that a level of each unit costs whatever it sends: its membrane and what arrives there."""
        graph = _model(network, data).graph
        counts = count(graph, simulate(graph, data.values))
        whole, found = energy_pj(counts, self.profile, self.deployment), {}
        for at, layer in enumerate(counts.layers):
            if layer.name in graph.units() and layer.membranes > 1:
                layers = (*counts.layers[:at], _with_a_level_less(layer, counts), *counts.layers[at + 1 :])
                rest = energy_pj(replace(counts, layers=layers), self.profile, self.deployment)
                found[layer.name] = (whole - rest) / counts.samples
        return found


def _with_a_level_less(layer: LayerCounts, counts: NetworkCounts) -> LayerCounts:
    """A row whose unit has lost a level that sent nothing."""
    edges, shared = (
        tuple(replace(edge, target_levels=edge.target_levels - 1) for edge in part)
        for part in (layer.edges, layer.shared)
    )
    updates = layer.neuron_updates - layer.neurons * counts.samples * counts.timesteps
    return replace(layer, levels=layer.levels - 1, neuron_updates=updates, edges=edges, shared=shared)


def pricing_of(recipe: Recipe) -> Pricing | None:
    """What prices the spikes of a recipe; None where it has no `energy_weight`.

    Raises:
        InputError: there is no such profile or deployment, or the profile prices no spikes.
    """
    if not recipe.energy_weight:
        return None
    return pricing_by(recipe.energy_profile, recipe.energy_deployment)


def pricing_by(name: str = "", deployment: str = "") -> ProfilePricing:
    """Prices of the profile `name`, by default those of `PROFILE`, in its own deployment unless another is named.

    Raises:
        InputError: there is no such profile or deployment, or the profile prices no spikes.
    """
    profile = load_profile(name or PROFILE)
    deployment = deployment or profile.deployment
    if deployment not in DEPLOYMENTS:
        raise unknown("deployment", deployment, DEPLOYMENTS)
    if profile.model == "measured":
        raise InputError(
            f"Profile {profile.name!r} is a measurement of one network and prices no spikes; choose another profile."
        )
    return ProfilePricing(profile, deployment)


def _model(network: nn.Module, data: Samples) -> LoadedModel:
    return for_data(model_of(network, tuple(data.values.shape[-3:])), data)
