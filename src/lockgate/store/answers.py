"""Which records hold the answer to a prompt, and which prompt an answer belongs to, when the two came apart.

Separate from the stores because it is one look into any of them. Joined are records of one app and one account: by the id of
the task under which the app worked on the prompt, or else by the conversation, in which an answer belongs to the prompt before.
"""

from lockgate.facts.record import Record
from lockgate.store.record_store import RecordFilter, RecordStore, Role, names_of_tasks

_MOST = 20
_LONGEST_TURN = 100
"""Records of a conversation that are looked at around one of its prompts."""


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
    prompts = tuple(asked for asked in found if _is_prompt(asked))
    if found or not record.conversation:
        return prompts or found
    wanted = RecordFilter(app=record.app, conversation=record.conversation, until=record.started_at)
    before = (row.record for row in store.newest(wanted, limit=_LONGEST_TURN))
    asked = [one for one in before if _is_prompt(one) and _may_answer(record, one)]
    return (max(asked, key=lambda one: one.started_at),) if asked else ()


def _in_turn(store: RecordStore, prompt: Record) -> list[Record]:
    """The answers in a prompt's conversation that came after it and before the next prompt."""
    wanted = RecordFilter(app=prompt.app, conversation=prompt.conversation, since=prompt.started_at)
    rows = store.tail(0, wanted, limit=_LONGEST_TURN)
    after = sorted((row.record for row in rows if row.record.id != prompt.id), key=lambda one: one.started_at)
    answers: list[Record] = []
    for one in after:
        if _is_prompt(one) and one.started_at > prompt.started_at:
            break
        if one.holds_answer and _may_answer(one, prompt):
            answers.append(one)
    return answers


def _is_prompt(record: Record) -> bool:
    return bool(record.prompt_digest) and not record.holds_answer and not record.background


def _may_answer(answer: Record, prompt: Record) -> bool:
    """Whether nothing speaks against it: where both name tasks and share none, the answer is to something else."""
    told_apart = answer.tasks and prompt.tasks and set(answer.tasks).isdisjoint(prompt.tasks)
    return not told_apart and _same_account(answer, prompt)


def _same_account(one: Record, other: Record) -> bool:
    pairs = ((one.app, other.app), (one.user, other.user), (one.tenant, other.tenant))
    return all(mine == theirs or not mine or not theirs for mine, theirs in pairs)
