"""The bundled secrets engine is asked for findings and nothing else."""

import pytest

from lockgate.dlp.check import detector_problems
from lockgate.dlp.secrets_engine import SecretsEngine, engine_version, rule_names
from lockgate.dlp.templates import expand
from lockgate.facts.problem import UsageError


def test_places_are_code_points():
    secret = expand("ghp_{alnum:36}")
    text = f"🔑 naïve: {secret} \u2013 end"
    (find,) = SecretsEngine().find(text)
    assert text[find.start : find.end] == secret
    assert find.rule in rule_names()


def test_the_engine_says_its_version():
    assert engine_version().startswith("kingfisher-secret-scanner ")


def test_a_rule_the_engine_does_not_have_is_told(shipped_detectors):
    document, file = next(one for one in shipped_detectors if one[1].id == "vendor-secret")
    renamed = type(file)(
        **{
            **{name: getattr(file, name) for name in file.__dataclass_fields__},
            "rules": (type(file.rules[0])(rules=("betterleaks.githib-pat",)),),
        }
    )
    told = [problem.problem for problem in detector_problems([(document, renamed)])]
    assert told == ["no rule of the secrets engine is called `betterleaks.githib-pat`"]


def test_a_detector_without_rules_is_refused(build):
    with pytest.raises(UsageError, match="needs `rules`"):
        build(
            "id: x\ndescription: d\nfamily: f\nlabel: l\nsource: s\nengine: secrets-engine\nexamples: {match: [a], ignore: [b]}"
        )
