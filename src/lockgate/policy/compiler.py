"""From a policy file to a ruleset: everything is read, everything wrong is reported at once, and only a sound policy compiles.

Separate because it is the only place that knows the layout of a policy file. Order matters: lists first (conditions
name them), then every condition as typed data, then the checks over all of them, then code.
"""

from dataclasses import replace
from datetime import UTC, tzinfo
from hashlib import blake2b

from lockgate.facts.decision import Verdict
from lockgate.facts.problem import Document
from lockgate.policy.actions import is_web_address
from lockgate.policy.calendar import zone_named, zone_names
from lockgate.policy.checks import Whole, check_policy
from lockgate.policy.closures import Compiling
from lockgate.policy.draft import DraftEntry, DraftReader, DraftRule
from lockgate.policy.draft_exemption import DraftExemption, compile_exemption, read_exemptions
from lockgate.policy.exemption import Exemption, excepted_check
from lockgate.policy.expression import phase_of, profiles_of, tests_of
from lockgate.policy.fields import Fields, is_mapping
from lockgate.policy.list_reader import read_lists
from lockgate.policy.report import Report
from lockgate.policy.ruleset import DoNotInspect, Mode, Rule, Ruleset
from lockgate.policy.selector import Surroundings
from lockgate.policy.vocabulary import Vocabulary

VERSION = 1
_DIGEST_BYTES = 6
POLICY_KEYS = (
    "version", "mode", "default", "on_uninspectable", "contact", "approved_alternative", "time_zone", "lists",
    "do_not_inspect", "rules", "exceptions",
)  # fmt: skip


def compile_policy(document: Document, vocabulary: Vocabulary, *, style: bool = False) -> Ruleset:
    """The policy in `document`, compiled; with notes on how it is written if `style`. Raises UsageError with every problem."""
    report = Report(document)
    if not is_mapping(document.data):
        report.wrong((), "this is not a policy", f"a policy is a mapping that begins with `version: {VERSION}`")
        report.raise_if_wrong()
    policy = Fields(report, document.data, (), POLICY_KEYS, what="a policy")
    _check_version(policy)
    default = _verdict(policy, "default", None)
    on_uninspectable = _verdict(policy, "on_uninspectable", Verdict.BLOCK)
    mode = _mode(policy)
    contact = policy.text("contact")
    alternative = _alternative(policy, vocabulary)
    zone = _time_zone(policy)
    surroundings = Surroundings(vocabulary=vocabulary, approved_alternative=alternative, lists=read_lists(policy), zone=zone)
    drafts = DraftReader(report, surroundings)
    entries = drafts.do_not_inspect(policy)
    rules = drafts.rules(policy)
    exemptions = read_exemptions(policy, drafts, entries, rules)
    check_policy(
        report,
        Whole(
            surroundings=surroundings,
            on_uninspectable=on_uninspectable,
            entries=entries,
            rules=rules,
            exceptions=exemptions,
            style=style,
        ),
    )
    _note_zone(policy, entries, rules, exemptions)
    report.raise_if_wrong()

    none: frozenset[str] = frozenset()
    enforced = [rule for rule in rules if rule.mode is Mode.ENFORCE]
    mentioned = none.union(*(profiles_of(rule.when, surroundings) | rule.actions.redacts for rule in enforced))
    surroundings = replace(surroundings, examined=mentioned or vocabulary.profiles)
    # Nor what exceptions mention: they must not change what rules they do not name look at.
    excepted = tuple(
        compile_exemption(each, surroundings, report, zone) for each in sorted(exemptions, key=lambda each: phase_of(each.when))
    )
    compiling = Compiling(surroundings)
    compiled = tuple(_rule(rule, compiling, surroundings, excepted) for rule in rules)
    passed = tuple(_entry(entry, compiling) for entry in entries)
    head = (
        ("mode", mode.value), ("default", default.value), ("on_uninspectable", on_uninspectable.value), ("contact", contact),
        ("approved_alternative", alternative), ("time_zone", str(zone)),
        *((f"list {name}", text) for name, text in surroundings.lists.canonical),
    )  # fmt: skip
    texts = (*(entry.canonical for entry in passed), *(rule.canonical for rule in compiled))
    if exemptions:
        texts += ("exceptions", *(each.canonical for each in exemptions))
    return Ruleset(
        version=_digest([*("|".join(pair) for pair in head), *texts]),
        head=head,
        default=default,
        on_uninspectable=on_uninspectable,
        mode=mode,
        contact=contact,
        approved_alternative=alternative,
        zone=zone,
        do_not_inspect=passed,
        exceptions=tuple(next(made for made in excepted if made.id == each.id) for each in exemptions),
        rules=compiled,
        selectors=frozenset(test.name for draft in (*rules, *exemptions) for test in tests_of(draft.when)),
        profiles=none.union(
            *(rule.profiles for rule in compiled), *(profiles_of(each.when, surroundings) for each in exemptions)
        ),
        surroundings=surroundings,
        notes=report.notes,
    )


def _check_version(policy: Fields) -> None:
    version = policy.value("version")
    if "version" not in policy:
        policy.wrong("version", "`version` is missing", f"begin the file with `version: {VERSION}`")
    elif version != VERSION or isinstance(version, bool):
        policy.wrong("version", f"unknown version `{version}`", f"this release reads version {VERSION}")


def _verdict(policy: Fields, key: str, absent: Verdict | None) -> Verdict:
    match policy.value(key):
        case ("allow" | "block") as word:
            return Verdict(word)
        case None if key not in policy and absent is not None:
            return absent
        case None if key not in policy:
            policy.wrong(key, f"`{key}` is missing", f"write `{key}: allow` or `{key}: block`; there is no hidden one")
        case other:
            policy.wrong(key, f"`{key}` is `{other}`", "write `allow` or `block`")
    return Verdict.BLOCK


def _alternative(policy: Fields, vocabulary: Vocabulary) -> str:
    text = policy.text("approved_alternative")
    if text and text not in vocabulary.apps and not is_web_address(text):
        policy.report.unknown(policy.at("approved_alternative"), "app", text, vocabulary.apps)
    return text


def _time_zone(policy: Fields) -> tzinfo:
    name = policy.text("time_zone", "UTC")
    zone = zone_named(name)
    if zone is None:
        policy.report.unknown(policy.at("time_zone"), "time zone", name, zone_names())
    return zone or UTC


def _note_zone(
    policy: Fields,
    entries: tuple[DraftEntry, ...],
    rules: tuple[DraftRule, ...],
    exemptions: tuple[DraftExemption, ...],
) -> None:
    """Nobody who writes an hour means an hour in Greenwich without saying so."""
    if "time_zone" in policy:
        return
    tests = (test for draft in (*entries, *rules, *exemptions) for test in tests_of(draft.when))
    first = next((test for test in tests if test.name.startswith("time.")), None)
    if first is not None:
        policy.report.note(
            first.path,
            f"`{first.name}` is that of UTC",
            "say where the clocks hang: `time_zone: Europe/Berlin` at the top",
            code="no-time-zone",
        )


def _mode(policy: Fields) -> Mode:
    mode = Mode(policy.choice("mode", "mode", [mode.value for mode in Mode], Mode.ENFORCE.value))
    if mode is Mode.MONITOR:
        problem = "this policy only tells what it would do: nothing is stopped"
        policy.report.note(policy.at("mode"), problem, code="monitor-mode")
    return mode


def _rule(draft: DraftRule, compiling: Compiling, surroundings: Surroundings, exemptions: tuple[Exemption, ...]) -> Rule:
    check, doubted_as = compiling.check(draft.when), draft.actions.doubted_as
    mine = tuple(each for each in exemptions if draft.id in each.rules)
    if mine:
        check = excepted_check(check, mine, allows=doubted_as is Verdict.ALLOW, acts_unseen=doubted_as is not None)
    condition = draft.when.canonical
    return Rule(
        id=draft.id,
        description=draft.description,
        message=draft.message,
        mode=draft.mode,
        actions=draft.actions,
        phase=phase_of(draft.when),
        profiles=profiles_of(draft.when, surroundings) | draft.actions.redacts,
        redacts=draft.actions.redacts,
        condition=condition,
        canonical=f"{draft.id}|{draft.mode}|{condition}|{draft.actions.canonical}|{draft.message}",
        when=draft.when,
        check=check,
    )


def _entry(draft: DraftEntry, compiling: Compiling) -> DoNotInspect:
    check = compiling.check(draft.when)
    canonical = f"{draft.id}|{draft.when.canonical}"
    return DoNotInspect(id=draft.id, description=draft.description, canonical=canonical, when=draft.when, check=check)


def _digest(texts: list[str]) -> str:
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for text in texts:
        digest.update(text.encode("utf-8", "surrogatepass") + b"\x00")
    return digest.hexdigest()
