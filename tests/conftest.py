"""Settings of every test: one thread, so that parallel workers do not fight, and hypothesis without time limits."""

from __future__ import annotations

import torch
from hypothesis import HealthCheck, settings

torch.set_num_threads(1)
settings.register_profile("snnhw", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("snnhw")
