"""Which records hold the answer to a prompt, and which prompt an answer belongs to, when the two came apart.

Separate from the stores because it is one look into any of them. Joined are records of one app and one account: by the id of
the task under which the app worked on the prompt, or else by the conversation, in which an answer belongs to the prompt before.
"""

from lockgate.facts.record import Record
from lockgate.store.record_store import RecordFilter, RecordStore, Role, names_of_tasks

_MOST = 20
_LONGEST_TURN = 200
"""Records of a conversation that are looked at around one of its prompts."""
_LONGEST_STREAM = 3600.0
"""Seconds that an answer may have begun before its prompt: some programs listen before they ask."""


def answers_to(store: RecordStore, record: Record) -> tuple[Record, ...]:
    """The records that hold an answer to `record`, latest first. None when it is an answer itself."""
    if record.holds_answer:
        return ()
    named = store.joined(Role.ANSWERED, names_of_tasks(record), limit=_MOST) if record.tasks else ()
    found = {row.record.id: row.record for row in named if _same_account(row.record, record)}
    if _is_prompt(record) and record.conversation:
        found |= {answer.id: answer for answer in _in_turn(store, record)}
    return tuple(sorted(found.values(), key=lambda answer: -answer.started_at)[:_MOST])


def asked_by(store: RecordStore, record: Record) -> tuple[Record, ...]:
    """The records that `record` is the answer to, latest first. None when it is no answer."""
    if not record.holds_answer:
        return ()
    named = store.joined(Role.ASKED, names_of_tasks(record), limit=_MOST) if record.tasks else ()
    found = tuple(row.record for row in named if _same_account(row.record, record))
    if found or not record.conversation:
        return tuple(asked for asked in found if _is_prompt(asked)) or found
    return tuple(_before_or_during(store, record))


def _in_turn(store: RecordStore, prompt: Record) -> list[Record]:
    """The answers in a prompt's conversation that were under way after it and before the next prompt."""
    since = prompt.started_at - _LONGEST_STREAM
    rows = store.tail(0, RecordFilter(app=prompt.app, conversation=prompt.conversation, since=since), limit=_LONGEST_TURN)
    around = [row.record for row in rows]
    later = (one.started_at for one in around if _is_prompt(one) and one.started_at > prompt.started_at)
    until = min(later, default=float("inf"))
    return [
        one
        for one in around
        if one.holds_answer and one.started_at < until and _ended(one) >= prompt.started_at and _may_answer(one, prompt)
    ]


def _before_or_during(store: RecordStore, answer: Record) -> list[Record]:
    """The prompts in an answer's conversation that were sent while it was under way, and the last one before."""
    wanted = RecordFilter(app=answer.app, conversation=answer.conversation, until=_ended(answer))
    rows = store.newest(wanted, limit=_LONGEST_TURN)
    asked = [row.record for row in rows if _is_prompt(row.record) and _may_answer(answer, row.record)]
    asked.sort(key=lambda one: -one.started_at)
    first = next((index for index, one in enumerate(asked) if one.started_at <= answer.started_at), len(asked))
    return asked[: first + 1][:_MOST]


def _ended(record: Record) -> float:
    return record.started_at + record.duration_ms / 1000


def _is_prompt(record: Record) -> bool:
    return bool(record.prompt_digest) and not record.holds_answer and not record.background


def _may_answer(answer: Record, prompt: Record) -> bool:
    """Whether nothing speaks against it: where both name tasks and share none, the answer is to something else."""
    told_apart = answer.tasks and prompt.tasks and set(answer.tasks).isdisjoint(prompt.tasks)
    return not told_apart and _same_account(answer, prompt)


def _same_account(one: Record, other: Record) -> bool:
    pairs = ((one.app, other.app), (one.user, other.user), (one.tenant, other.tenant))
    return all(mine == theirs or not mine or not theirs for mine, theirs in pairs)
