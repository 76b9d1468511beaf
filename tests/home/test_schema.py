"""A document that does not fit is told with the place, and with the name that was probably meant, at any depth."""

import pytest

from lockgate.apps.schema import AppFile
from lockgate.dlp.schema import ProfileFile
from lockgate.facts.problem import UsageError
from lockgate.home.schema import read_as
from lockgate.home.settings import Settings
from lockgate.home.yaml_document import parse_yaml
from lockgate.identity import UsersFile

APP = "id: x\nname: X\nvendor: X\ncategory: agent\nhosts: {exact: [x.example]}\n"


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (Settings, "clients:\n  logn: true\n", "f.yaml:2:3: unknown key `clients.logn`\n  did you mean `login`?"),
        (
            UsersFile,
            "addresses:\n  - network: 10.0.0.0/8\n  - network: 10.1.0.0/16\n    grups: [a]\n",
            "f.yaml:4:5: unknown key `addresses.1.grups`\n  did you mean `groups`?",
        ),
        (AppFile, APP.replace("exact", "exat"), "f.yaml:5:9: unknown key `hosts.exat`\n  did you mean `exact`?"),
        (AppFile, APP + "review: {zzz: 1}\n", "unknown key `review.zzz`\n  known here: owner, reason, status"),
        (AppFile, APP + "evidence: {all: {part: {anser: yes}}}\n", "`evidence.all.part.anser`\n  did you mean `answer`?"),
        (AppFile, APP + "review: approved\n", "f.yaml:6:9: `review` must be a mapping\n  known here: owner, reason, status"),
        (ProfileFile, "id: x\nname: X\ndescription: X\ndetectors: [{famly: a}]\n", "did you mean `family`?"),
    ],
)
def test_an_unknown_key_names_the_nearest_at_any_depth(kind, text, told):
    with pytest.raises(UsageError) as refused:
        read_as(parse_yaml(text, "f.yaml"), kind)
    assert told in str(refused.value)
