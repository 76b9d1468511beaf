"""What the project ships: every file loads, proves its examples, and belongs to a profile."""

import re
from pathlib import Path

import pytest

from lockgate.dlp.schema import Engine
from lockgate.dlp.templates import expand
from lockgate.facts.finding import DetectionConfidence

ALL = frozenset({"credentials", "pii", "financial", "person-names", "pii-record"})


def test_all_shipped_files_load_and_prove_their_examples(shipped):
    assert set(shipped.profiles) == ALL
    assert len(shipped.detectors) > 70


def test_a_file_is_named_after_its_id(shipped_detectors, shipped_profiles):
    assert [f"{file.id}.yaml" for _, file in (*shipped_detectors, *shipped_profiles)] == [
        document.file for document, _ in (*shipped_detectors, *shipped_profiles)
    ]


def test_every_detector_is_in_exactly_one_profile_that_wants_no_company(shipped):
    alone = [profile for profile in shipped.profiles.values() if profile.together is None]
    memberships = {name: [profile.id for profile in alone if name in profile.least] for name in shipped.detectors}
    assert {name: found for name, found in memberships.items() if len(found) != 1} == {}


def test_matching_examples_are_found_through_the_profiles_people_use(shipped, scanner):
    """A detector whose own examples no profile reports would be there for show."""
    silent = [file.id for file in shipped.detectors.values() if not _reported(scanner, file.examples.match)]
    assert silent == []


def _reported(scanner, templates) -> bool:
    return any(scanner.scan(expand(template), ALL).hits for template in templates)


def test_no_secret_stands_in_the_files_as_it_would_be_used(shipped_detectors, scanner):
    """Only seeded templates: the unexpanded files hold no vendor's token."""
    for document, file in shipped_detectors:
        if file.family in {"api-key", "private-key"}:
            texts = "\n\n".join((*file.examples.match, *file.examples.ignore))
            found = [
                hit for hit in scanner.scan(texts, frozenset({"credentials"})).hits if hit.detector != "password-assignment"
            ]
            assert found == [], document.file


def test_only_the_secrets_engine_detector_uses_the_engine(shipped):
    assert [file.id for file in shipped.detectors.values() if file.engine is Engine.SECRETS_ENGINE] == ["vendor-secret"]


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ("Rotate the key before the 2026 audit; see public docs, section 1.2.3.4 of the licence.", "pii"),
        ("order 4111 1111 1111 1112 was shipped on 2026-11-24", "financial"),
        ("AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "credentials"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "credentials"),
        ("api_key: your-api-key-here", "credentials"),
        ("password: ${DATABASE_PASSWORD}", "credentials"),
        ("password = os.environ['DATABASE_PASSWORD']", "credentials"),
        ("token: {{ secrets.deploy_token }}", "credentials"),
        ('"integrity": "sha512-' + "aB3" * 28 + 'ab=="', "credentials"),
        ("github.com/x/y v1.2.3 h1:" + "Zx9" * 14 + "=", "credentials"),
        ("id 9f1b6a52-0c39-4a38-8a3e-5b1d70c3a2f4 not found", "credentials"),
        ("id 9f1b6a52-0c39-4a38-8a3e-5b1d70c3a2f4 not found", "pii"),
        ("commit 4bf92f3577b34da6a3ce929d0e0e47364bf92f35", "credentials"),
        ("the public D1234567 release of the public API", "pii"),
        ("The MIT licence covers all 1234567 files", "pii"),
        ("my password is stored safely, what is yours?", "credentials"),
        ("def set_password(self, password: str) -> None:", "credentials"),
        ("card number 1234 5678 9012 3456", "financial"),
        ("routing table entry 021000021", "financial"),
        ("version 10.4.0.1 of the driver", "pii"),
    ],
)
def test_look_alikes_raise_no_alarm(scanner, text, profile):
    assert scanner.scan(text, frozenset({profile})).hits == ()


def test_the_detector_and_the_profile_of_the_readme_load(build):
    readme = (Path(__file__).parents[2] / "dlp" / "README.md").read_text()
    detector, profile = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    assert build(detector, profiles=(profile,)).profiles["staff"].least == {"staff-badge": DetectionConfidence.HIGH}
