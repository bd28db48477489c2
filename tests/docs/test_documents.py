"""The documents build with warnings as errors, and the generated pages hold all that the code says."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.measured.points import measured_points
from snnhw.cli import COUNTS_VERBS, LAVA_VERBS, NENGO_VERBS, VERBS
from snnhw.gates.plain_text import tomllib
from snnhw.nir.frameworks import DIALECTS
from snnhw.workflows.support import TARGETS, support

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def generated():
    spec = importlib.util.spec_from_file_location("generated", ROOT / "docs" / "generated.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_profile_constant_stands_on_the_page_with_its_source(generated):
    page = generated.profiles_page()
    rows = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        name = re.search(r"\{ #(\S+) \}", section)[1]
        rows[name] = dict(re.findall(r"^\| `(\w+)` \| (.*)$", section, flags=re.MULTILINE))
    for name in available_profiles():
        profile = load_profile(name)
        assert set(rows[name]) == set(profile.constants)
        for key, constant in profile.constants.items():
            row = rows[name][key].replace("\\|", "|")
            assert constant.source in row and constant.table in row and constant.kind in row
            value, unit = row.split(" | ")[0].partition(",")[0].split()[0], constant.unit
            assert float(value) == pytest.approx(constant.printed, rel=1e-5) and (unit in row or unit == "1")


def test_page_of_counters_shows_what_is_recorded(generated):
    page = generated.counters_page()
    assert "snnhw, exact" in page and "7,976 AC" in page and "18,432 MAC" in page
    recorded = json.loads((ROOT / "benchmarks/counters/recorded.json").read_text())
    for name, row in recorded["rows"].items():
        line = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
        assert all(f"{row['exact'][key]:,}" in line for key in ("merged", "events", "units", "rate_x_flops"))


def test_every_dialect_stands_on_the_page_with_its_limits(generated):
    page = generated.dialects_page()
    for name, dialect in DIALECTS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert dialect.limits in row and all(kind in row for kind in dialect.unknown)
        assert (">=" in row) == dialect.fires_at_threshold
    assert "LIFBoxCell" in page


@pytest.mark.slow
def test_every_example_stands_on_the_page_with_what_refuses_it():
    spec = importlib.util.spec_from_file_location("supported", ROOT / "docs" / "supported.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = support()
    page = module.supported_page(rows)
    for row in rows:
        name = module._cell(row.name)
        line = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
        assert line.count(" no ") == len(row.refused) and line.count(" yes ") == len(TARGETS) - len(row.refused)
        assert all(module._cell(why) in page for why in row.refused.values())


def test_every_measurement_stands_on_its_page_with_its_grade():
    spec = importlib.util.spec_from_file_location("measured_page", ROOT / "docs" / "measured_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = module.measured_page()
    for point in measured_points():
        row = next(line for line in page.splitlines() if line.startswith(f"| {point.id} | {point.chip} |"))
        assert f" {point.grade} " in row and f"{point.printed:g} {point.unit}" in row


def test_printed_ranges_are_those_of_the_file(generated):
    page = generated.profiles_page()
    data = tomllib.loads((ROOT / "analysis/hardware/profiles/loihi1-davies2018.toml").read_text())
    synop = data["constants"]["synop"]
    assert f"| `synop` | {synop['value']:g} pJ | {synop['low']:g} to {synop['high']:g} | {synop['kind']} |" in page


def test_every_verb_and_option_stands_on_the_page(generated):
    page = generated.cli_page()
    for verb in VERBS:
        assert f"\n## snnhw {verb}\n" in page
    for group, verbs in (("lava", LAVA_VERBS), ("nengo", NENGO_VERBS), ("counts", COUNTS_VERBS)):
        for verb in verbs:
            assert f"\n### snnhw {group} {verb}\n" in page
    assert "| `--lava-samples` |" in page and "| `MODEL` |" in page and "required" in page


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path):
    command = (sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site"))
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stdout + done.stderr, done.stdout + done.stderr
    api = (tmp_path / "site" / "api.html").read_text()
    assert "snnhw.workflows.verify.verify" in api and "time_limit_s" in api
    pages = {page.stem: page.read_text() for page in (tmp_path / "site").glob("*.html")}
    assert "loihi1-davies2018" in pages["profiles"] and "snnhw lava status" in pages["cli"]
    for name, page in pages.items():  # readable without a network
        assert not re.findall(r'<(?:script|img|iframe)[^>]+src="https?://', page), name
        assert not re.findall(r'<link[^>]+rel="stylesheet"[^>]+href="https?://', page), name
