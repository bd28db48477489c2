"""The rows of docs/foreign.md: which packages each framework needs, and what its cases are."""

from __future__ import annotations

from dataclasses import dataclass

OLD_NIR = ("nir==1.0.4", "nirtorch==2.0.2")  # what pip takes beside rockpool and sinabs


@dataclass(frozen=True)
class Framework:
    """packages beside torch, nir and nirtorch, none where they run here; cases: name -> what it is."""

    name: str
    label: str
    packages: tuple[str, ...]
    cases: dict[str, str]
    pip: tuple[str, ...] = ("--no-deps",)

    @property
    def worker(self) -> str:
        """Its part in the names of files."""
        return self.name.replace("-", "_")


FRAMEWORKS = (
    Framework(
        "snntorch",
        "snnTorch",
        (),
        {
            "leaky": "two layers of Leaky, beta and threshold differ between neurons",
            "leaky_zero": 'Leaky(reset_mechanism="zero")',
            "leaky_none": 'Leaky(reset_mechanism="none")',
            "leaky_zero_at_once": 'Leaky(reset_mechanism="zero", reset_delay=False)',
            "leaky_at_once": "Leaky(reset_delay=False), membranes beyond twice the threshold",
            "leaky_beta0": "Leaky, beta of some neurons is 0",
            "leaky_beta1": "Leaky, beta of some neurons is 1",
            "leaky_learned": "Leaky(learn_beta=True, learn_threshold=True)",
            "leaky_inhibition": "Leaky(inhibition=True)",
            "leaky_graded": "Leaky(graded_spikes_factor=2)",
            "synaptic": "Synaptic",
            "synaptic_zero_at_once": 'Synaptic(reset_mechanism="zero", reset_delay=False)',
            "synaptic_at_once": "Synaptic(reset_delay=False), membranes beyond twice the threshold",
            "synaptic_zero": 'Synaptic(reset_mechanism="zero")',
            "rleaky": "RLeaky",
            "rleaky_one_to_one": "RLeaky(all_to_all=False)",
            "rsynaptic": "RSynaptic",
            "conv": "convolutions, Leaky, average pool, flatten",
            "residual": "Leaky, spikes of two layers added",
        },
    ),
    Framework(
        "spikingjelly",
        "SpikingJelly",
        ("spikingjelly==2.0.0", "loguru", "tqdm"),
        {
            "if": "IFNode, dt 0.001",
            "if_reset": "IFNode(v_reset=-0.5), dt 0.001",
            "lif": "LIFNode(decay_input=False), dt 0.001",
            "lif_reset": "LIFNode(decay_input=False, v_reset=-0.25), dt 0.005",
            "lif_decay_input": "LIFNode, dt 0.001",
            "lif_decay_input_reset": "LIFNode(v_reset=-0.25), dt 0.001",
            "plif": "ParametricLIFNode(decay_input=False), dt 0.002",
            "cuba": "CUBALIFNode, dt 0.001",
            "cuba_reset": "CUBALIFNode(v_reset=-0.5), dt 0.001",
            "conv": "convolutions, IFNode, LIFNode, average pool, flatten",
            "residual": "IFNode, spikes of two layers added",
        },
    ),
    Framework(
        "norse",
        "norse",
        ("norse==1.1.0",),
        {
            "lif": "LIFCell",
            "lif_box": "LIFBoxCell, time constants and thresholds differ between neurons",
            "lif_box_dt": "LIFBoxCell(dt=0.0005)",
            "lif_box_seconds": "LIFBoxCell, to_nir(dt=1) writes seconds",
            "lif_box_leak": "LIFBoxCell, v_leak 0.25",
            "lif_box_subtract": "LIFBoxCell, reset_method=reset_subtract",
            "lif_box_reset": "LIFBoxCell, v_reset -0.25",
            "iaf": "IAFCell",
            "li_box": "LIFBoxCell, IAFCell, LIBoxCell as read-out",
            "recurrent_loaded": "a recurrent CubaLIF of snnTorch, as its from_nir runs it",
        },
    ),
    Framework(
        "sinabs",
        "sinabs",
        ("sinabs==3.1.3", "pbr", *OLD_NIR),
        {
            "lif": "LIF(norm_input=False, spike_fn=SingleSpike), decays of 1/2 to 1/8",
            "lif_usual_tau": "the same, tau of 5 to 20 steps",
            "lif_reset": "the same, reset_fn=MembraneReset()",
            "lif_multispike": "LIF(norm_input=False): MultiSpike",
            "lif_norm_input": "LIF(spike_fn=SingleSpike): norm_input=True",
            "lif_syn": "LIF(tau_syn=2)",
            "lif_min": "LIF(min_v_mem=0)",
            "iaf": "IAF(spike_fn=SingleSpike)",
            "iaf_multispike": "IAF: MultiSpike",
            "exp_leak": "LIF, IAF, ExpLeak as read-out",
            "conv": "convolutions, IAFSqueeze, sum pool, flatten",
        },
    ),
    Framework(
        "rockpool",
        "rockpool",
        ("rockpool==3.1.0", *OLD_NIR),
        {
            "lif": "LIFTorch(max_spikes_per_dt=1), tau differs between neurons, dt 0.002",
            "lif_dt": "LIFTorch, dt 0.005",
            "lif_neuron": "LIFNeuronTorch, dt 0.002",
            "two_layers": "LIFTorch, then LIFNeuronTorch",
            "exp_syn": "LIFTorch, ExpSynTorch as read-out",
            "lif_several": "LIFTorch, several spikes in one step",
            "lif_bias": "LIFTorch(bias=0.25)",
            "lif_recurrent": "LIFTorch(has_rec=True)",
            "recurrent_loaded": "a recurrent CubaLIF made by hand, as its from_nir runs it",
        },
    ),
    Framework(
        "spyx",
        "spyx",
        ("spyx==1.0.0",),
        {
            "if": "IF, then LIF, both with a bias in front",
            "lif": "two layers of LIF",
            "lif_dt": "the same, dt 0.001",
            "cuba": "CuBaLIF, then LIF",
            "psu": "PSU_LIF",
            "rif": "RIF",
            "rlif": "RLIF",
            "rcuba": "RCuBaLIF, dt 0.001",
            "conv": 'convolutions with padding="SAME", LIF, IF, sum pool, flatten',
            "conv_explicit": "the same with padding of one on each side",
        },
        pip=(),
    ),
    Framework(
        "lava-dl",
        "lava-dl",
        ("lava-dl==0.6.0",),
        {
            "cuba": "two block.cuba.Dense, by the formulas of NIR's example lava_to_nir.py",
            "cuba_lif": "the same, current_decay=1",
            "cuba_at_once": "the same as the first, delay_shift=False",
        },
        pip=("--no-deps", "--ignore-requires-python"),
    ),
)
