"""What the contract suite runs every wire format against: one file per format (or family) in this folder, found by itself.

A file has `SAMPLE = WireSample(...)` or `SAMPLES = (...)`. Adding a format touches nothing else in the suite.
"""

import pkgutil
from importlib import import_module

from wire_samples.sample import WireSample


def _found() -> dict[str, WireSample]:
    samples: dict[str, WireSample] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = import_module(f"{__name__}.{module.name}")
        for sample in (*getattr(loaded, "SAMPLES", ()), *([loaded.SAMPLE] if hasattr(loaded, "SAMPLE") else [])):
            assert sample.id not in samples, sample.id
            samples[sample.id] = sample
    return samples


WIRE_SAMPLES = _found()
