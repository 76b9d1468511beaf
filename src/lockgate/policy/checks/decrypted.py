"""Rules about the inside of connections that this gateway does not decrypt."""

from lockgate.facts.traffic import Phase
from lockgate.policy.analysis.conjunction import Conjunction
from lockgate.policy.analysis.knowledge import Knowledge
from lockgate.policy.analysis.region import Globs, Words
from lockgate.policy.checks.typed import Typed
from lockgate.policy.draft import DraftRule
from lockgate.policy.expression import phase_of
from lockgate.policy.report import Report

_MOST_HOSTS = 256


def check_decrypted(report: Report, knowledge: Knowledge, rules: list[Typed[DraftRule]]) -> None:
    """Note rules that only plain HTTP could ever match."""
    decrypts = knowledge.surroundings.vocabulary.decrypts
    if decrypts is None:
        return
    for rule in rules:
        if phase_of(rule.draft.when) == Phase.CONNECT:
            continue
        named = [_hosts(term) for term in rule.terms]
        if all(named) and not any(decrypts(host) for hosts in named for host in hosts):
            report.note(
                (*rule.draft.path, "when"),
                f"`{rule.draft.id}` asks about what is inside connections to {_shown(named[0])}, which are not decrypted",
                "`decrypt` and `decrypt_hosts` in gateway.yaml say what is",
                code="not-decrypted",
            )


def _hosts(term: Conjunction) -> tuple[str, ...]:
    """The hosts it is about, `*.` before what stands for all below; none when it is about others too."""
    region = dict(term.values()).get("host")
    match region:
        case Words(words=words) if len(words) <= _MOST_HOSTS:
            return tuple(sorted(words))
        case Globs(globs=globs) if len(globs) <= _MOST_HOSTS and all(_is_host(glob) for glob in globs):
            return tuple(glob[0] or f"*{glob[-1]}" for glob in globs)
        case _:
            return ()


def _is_host(glob: tuple[str, ...]) -> bool:
    return len(glob) == 1 or (len(glob) == 2 and not glob[0] and glob[1].startswith("."))


def _shown(hosts: tuple[str, ...]) -> str:
    hosts = tuple(host for host in hosts if host.removeprefix("*.") == host or host[2:] not in hosts)
    return f"`{hosts[0]}`" if len(hosts) == 1 else f"`{hosts[0]}` and others"
