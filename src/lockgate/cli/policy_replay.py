"""`lockgate policy replay`: what a policy would have said of yesterday's traffic."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from lockgate.cli.home_option import HomeOption
from lockgate.cli.moment import moment
from lockgate.cli.policy_files import existing_policy, live_policy
from lockgate.home.load import load_library
from lockgate.home.policy_files import read_policy
from lockgate.policy import Mode, Ruleset
from lockgate.runtime.known_names import KnownNames
from lockgate.runtime.replay import Job, Wanted, replay
from lockgate.runtime.replay_tally import PASSES, Group, Tally
from lockgate.runtime.snapshot import checked_policy
from lockgate.store.record_store import RecordFilter

_SHOWN = 8
_NOTHING = "No records yet. They appear when a device sends a request through the gateway; `lockgate up` starts it."
_NO_MATCH = "No record matches; `lockgate log tail` shows the newest of all."


@click.command("replay")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--against", type=click.Path(path_type=Path), help="Compare with this policy, not with what was decided then.")
@click.option(
    "--since", default="7d", show_default=True, help="From then on: 2026-11-24, 2026-11-24T08:00, or an age such as 7d."
)
@click.option("--until", help="Until then (exclusive).")
@click.option("--app", help="Only this app (its id).")
@click.option("--user", help="Only this user.")
@click.option("--group", default="", help="Only users who were in this group.")
@click.option("--limit", type=click.IntRange(min=1), help="Only so many of the newest records.")
@click.option("--enforce", is_flag=True, help="Judge as if a policy in monitor mode acted.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def replay_policy(  # noqa: PLR0913 - one parameter per option
    home_option: HomeOption, *, file: Path | None, against: Path | None, since: str, until: str | None, app: str | None,
    user: str | None, group: str, limit: int | None, enforce: bool, as_json: bool,
) -> None:  # fmt: skip
    """Judge recorded exchanges by the policy FILE (default: the live one), and show what would come out otherwise.

    What a rule would need and nobody recorded leaves an exchange undecided; it is never guessed.
    """
    home = home_option.home
    if not home.records_db.exists():
        click.echo(json.dumps({"judged": 0}) if as_json else _NOTHING)
        return
    names = KnownNames.of(home, load_library(home))

    def compiled(path: Path) -> Ruleset:
        ruleset = checked_policy(read_policy(existing_policy(home, path)), names)
        return replace(ruleset, mode=Mode.ENFORCE) if enforce else ruleset

    asked = file or live_policy(home)
    ruleset = compiled(asked)
    records = RecordFilter(app=app, user=user, since=moment(since), until=moment(until) if until else None)
    job = Job(
        database=home.records_db,
        wanted=Wanted(records=records, group=group, newest=limit),
        ruleset=ruleset,
        against=compiled(against) if against is not None else None,
    )
    tally = replay(job)
    if as_json:
        click.echo(json.dumps(_as_data(tally, ruleset, str(asked)), indent=2))
    else:
        click.echo(_as_text(tally, ruleset, str(asked), str(against or "")))


def _as_data(tally: Tally, ruleset: Ruleset, file: str) -> dict[str, object]:
    return {
        "file": file,
        "policy_version": ruleset.version,
        "judged": tally.judged,
        "same": tally.same,
        "same_by_another_rule": tally.by_another_rule,
        "newly_stopped": _sum(tally, stopped=True),
        "newly_passing": _sum(tally, stopped=False),
        "changes": [{"then": then, "now": now, **_group(change)} for (then, now), change in _largest_first(tally)],
        "undecided": {**_group(tally.undecided), "missing": _counts(tally.missing)},
        "monitored": _counts(tally.told),
        "never_matched": _never_matched(tally, ruleset),
        "could_not_be_told": _counts(tally.untold),
        "apart": _counts(tally.apart),
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "count": group.count,
        "rules": _counts(group.rules),
        "apps": _counts(group.apps),
        "users": _counts(group.users),
        "groups": _counts(group.groups),
        "examples": group.examples,
    }


def _counts(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _largest_first(tally: Tally) -> list[tuple[tuple[str, str], Group]]:
    return sorted(tally.changes.items(), key=lambda item: (-item[1].count, item[0]))


def _sum(tally: Tally, *, stopped: bool) -> int:
    """Exchanges that passed and would be stopped, or the other way about."""
    return sum(
        change.count
        for (then, now), change in tally.changes.items()
        if (then in PASSES) is stopped and (now in PASSES) is not stopped
    )


def _never_matched(tally: Tally, ruleset: Ruleset) -> list[str]:
    rules = (*(entry.id for entry in ruleset.do_not_inspect), *(rule.id for rule in ruleset.rules))
    return [rule for rule in rules if not tally.matched[rule]]


def _as_text(tally: Tally, ruleset: Ruleset, file: str, against: str) -> str:
    seen = tally.judged + tally.undecided.count
    if not seen and not tally.apart:
        return _NO_MATCH
    stopped, passing = _sum(tally, stopped=True), _sum(tally, stopped=False)
    otherwise = tally.judged - tally.same - stopped - passing
    with_what = f"compared with {against}" if against else "compared with what was decided then"
    lines = [
        f"{file} (version {ruleset.version}) over {_number(seen, 'exchange')}, {with_what}",
        f"  {tally.same:>9,}  the same" + (f" ({tally.by_another_rule:,} by another rule)" if tally.by_another_rule else ""),
        f"  {stopped:>9,}  would newly be stopped",
        f"  {passing:>9,}  would newly pass",
        f"  {otherwise:>9,}  would come out otherwise",
        f"  {tally.undecided.count:>9,}  undecided: a rule needs what was not recorded",
    ]
    if ruleset.only_tells:
        lines.append("  This policy is in monitor mode and stops nothing; --enforce judges as if it acted.")
    for (then, now), change in _largest_first(tally):
        lines += ["", f"{then} -> {now}: {_number(change.count, 'exchange')}", *_group_lines(change)]
    if tally.undecided.count:
        lines += ["", f"undecided: {_number(tally.undecided.count, 'exchange')}", *_group_lines(tally.undecided)]
        lines += _row("missing", tally.missing)
    if tally.told:
        lines += ["", "Rules in monitor mode would have done:", *_row("", tally.told)]
    lines += _rule_lines(tally, ruleset)
    if tally.apart:
        lines += ["", f"Not judged, because no policy decided it or no facts are kept: {sum(tally.apart.values()):,}"]
        lines += _row("", tally.apart)
    return "\n".join(lines)


def _rule_lines(tally: Tally, ruleset: Ruleset) -> list[str]:
    never = _never_matched(tally, ruleset)
    if not never:
        return []
    untold = {rule: tally.untold[rule] for rule in never if tally.untold[rule]}
    known = [rule for rule in never if rule not in untold]
    lines = ["", "Rules that never matched: " + _listed(known)] if known else [""]
    if untold:
        lines.append("Rules that may have matched where nobody can tell: " + _some(untold))
    return lines


def _group_lines(group: Group) -> list[str]:
    return [
        *_row("by rule", group.rules),
        *_row("by app", group.apps),
        *_row("by user", group.users),
        *_row("by group", group.groups),
        f"  {'records':<9} {' '.join(group.examples)}",
    ]


def _row(label: str, counter: Mapping[str, int]) -> list[str]:
    return [f"  {label:<9} {_some(counter)}" if label else f"  {_some(counter)}"] if counter else []


def _some(counter: Mapping[str, int]) -> str:
    most = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return _listed(f"{_visible(name)} {count:,}" for name, count in most)


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f", and {len(every) - _SHOWN:,} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def _visible(text: str) -> str:
    """Names come from clients, too: none may move a terminal's cursor."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
