"""The verdict table prints every way and every claim."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "crossbar_verdict.py"


def test_tables_and_the_line_of_ratios(capsys, monkeypatch):
    spec = importlib.util.spec_from_file_location("crossbar_verdict_benchmark", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "NETWORKS", {"digits": 2})
    assert script.main([]) == 0
    printed = capsys.readouterr().out.splitlines()
    rows = [line for line in printed if line.startswith("| ")]
    assert len(rows) == (2 + 8) + (2 + 11) + (2 + 3)
    assert printed[-1].startswith("crossbar SNN over its matched twin") and " digits " in printed[-1]
