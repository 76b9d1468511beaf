"""The shipped detectors, built once, and a way to build small sets of one's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lockgate.dlp.detectors import DetectorSet
from lockgate.dlp.scan import Scanner
from lockgate.dlp.schema import DetectorFile, ProfileFile
from lockgate.facts.problem import Document
from lockgate.home.home import Home
from lockgate.home.load import load_names
from lockgate.home.schema import read_as
from lockgate.home.yaml_document import parse_yaml

_SHIPPED = Path(__file__).parents[2] / "dlp"

type Detector = tuple[Document, DetectorFile]


def _detector(text: str, file: str) -> Detector:
    document = parse_yaml(text, file)
    return document, read_as(document, DetectorFile)


def _profile(text: str, file: str) -> tuple[Document, ProfileFile]:
    document = parse_yaml(text, file)
    return document, read_as(document, ProfileFile)


@pytest.fixture(scope="session")
def shipped_detectors() -> list[Detector]:
    return [_detector(file.read_text(), file.name) for file in sorted((_SHIPPED / "detectors").glob("*.yaml"))]


@pytest.fixture(scope="session")
def shipped_profiles() -> list[tuple[Document, ProfileFile]]:
    return [_profile(file.read_text(), file.name) for file in sorted((_SHIPPED / "profiles").glob("*.yaml"))]


@pytest.fixture(scope="session")
def shipped(shipped_detectors, shipped_profiles) -> DetectorSet:
    return DetectorSet.build(shipped_detectors, shipped_profiles, names=load_names(Home(_SHIPPED.parent)))


@pytest.fixture(scope="session")
def scanner(shipped: DetectorSet) -> Scanner:
    return Scanner.open(shipped)


@pytest.fixture(scope="session")
def build() -> Callable[..., DetectorSet]:
    """`build(detector_text, ..., profiles=[text, ...])`: a set of these files, named `detector-0.yaml` and so on."""

    def build_set(*detectors: str, profiles: tuple[str, ...] = (), **how: Any) -> DetectorSet:
        return DetectorSet.build(
            [_detector(text, f"detector-{index}.yaml") for index, text in enumerate(detectors)],
            [_profile(text, f"profile-{index}.yaml") for index, text in enumerate(profiles)],
            **how,
        )

    return build_set
