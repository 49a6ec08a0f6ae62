"""For all tests: time limits are pytest's; how long one example takes says nothing when tests run side by side."""

from hypothesis import HealthCheck, settings

settings.register_profile("side by side", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("side by side")
