"""What is shown below the help of a verb: commands that work as they stand, or with a file of the reader's own."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "energy": (
        "snnhw energy digits",
        "snnhw energy my.nir --input samples.npz --profile loihi2 --written-by snntorch",
    ),
    "summary": (
        "snnhw summary digits --samples 50",
        "snnhw summary net.py:Net --input samples.npy --input-shape 1,28,28 --timesteps 16",
    ),
    "report": (
        "snnhw report digits --input digits:test --out report",
        "snnhw report digits --input digits:test --out report --latex --bibtex --figures --badge",
        "snnhw report digits --input digits:test --shard 1/8 --out parts",
        "snnhw report --from report/counts.parquet --profile speck",
        "snnhw report my.nir --input samples.npz --dt 1e-4 --reset hard --profile loihi1-sanafe --out report",
    ),
    "compare": (
        "snnhw compare digits fashion --input digits:test --samples 20 --out compared",
        "snnhw compare --from a/counts.parquet b/counts.parquet --profile speck",
    ),
    "diff": (
        "snnhw diff digits without_level_3.nir --samples 20",
        "snnhw diff report_before report_after -o difference",
    ),
    "history": ("snnhw history .", "snnhw history runs --profile loihi1-davies2018 --csv history.csv"),
    "map": (
        "snnhw map digits --chip loihi2",
        "snnhw map digits --chip loihi1 --input digits:test --samples 1 --trace run.json",
    ),
    "profiles": ("snnhw profiles", "snnhw profiles show loihi1-davies2018", "snnhw profiles --measured"),
    "demo": ("snnhw demo --no-lava --out demo",),
    "measure": ("snnhw measure digits", "snnhw measure digits --device cuda --batch 64 --out measured"),
    "train": ("snnhw train digits", "snnhw train mnist --data data --set epochs=3 --out runs/mnist"),
    "prune": (
        "snnhw prune digits --energy-left 0.9 -o pruned",
        "snnhw prune digits --accuracy-loss 1 --finetune 2 --profile horowitz45-int8 -o pruned",
    ),
    "sweep": (
        "snnhw sweep lean.toml --workers 2",
        "snnhw sweep lean.toml --storage sqlite:////shared/sweeps.db",
        "snnhw sweep lean.toml --rescore --profile speck",
    ),
    "evaluate": ("snnhw evaluate digits", "snnhw evaluate my.nir --input digits:test"),
    "diagnose": (
        "snnhw diagnose digits --input digits:test --plot diagnosis.svg",
        "snnhw diagnose --data-fractions 0.01,0.1,1 --recipe digits_little --seeds 3 --out fractions",
    ),
    "export": (
        "snnhw export digits -o digits.nir",
        "snnhw export digits --target lava --calibrate digits:train -o digits_lava",
    ),
    "check": ("snnhw check digits --target loihi1", "snnhw check my.nir --dialect snntorch"),
    "quantise": ("snnhw quantise digits --calibrate digits:train -o digits_loihi.nir",),
    "simulate": ("snnhw simulate digits --input digits:test --samples 20 -o spikes.npz",),
    "verify": ("snnhw verify digits --input digits:test --calibrate digits:train --samples 20 --lava-samples 0",),
    "crossbar": ("snnhw crossbar digits --input digits:test --calibrate digits:train --spread 0,0.05 --seeds 3",),
    "zoo": ("snnhw zoo",),
    "datasets": ("snnhw datasets --data data",),
    "doctor": ("snnhw doctor",),
}


def epilog(verb: str) -> str | None:
    """The examples of a verb as typer prints them, a line each; None where there is none."""
    found = EXAMPLES.get(verb)
    return "\n\n".join(["Examples:" if len(found) > 1 else "Example:", *found]) if found else None
