"""Settings of every test: one thread, so that parallel workers do not fight, and hypothesis without time limits."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # tests/nets.py and tests/oracle.py are shared by the suites
torch.set_num_threads(1)
settings.register_profile("snnhw", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("snnhw")
