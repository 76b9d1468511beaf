"""The kinds of problems and notes a check can find, by a code that stays the same from release to release.

Separate because programs read them: continuous integration, editors, dashboards. A code is never given another meaning.
"""

from collections.abc import Mapping

INVALID_VALUE = "invalid-value"

PROBLEM_CODES: Mapping[str, str] = {
    "invalid-yaml": "the file cannot be read as YAML, or uses a part of YAML that policies do not: tags, repeated keys",
    INVALID_VALUE: "a value of the wrong type or form, or at the wrong place",
    "missing-key": "something that has to be written is not there, such as `default`, an `id` or `then`",
    "unknown-key": "a key that has no meaning here",
    "unknown-selector": "a condition asks about something that there is not",
    "unknown-operator": "a selector is compared by an operator that its type does not have",
    "unknown-action": "`then` names an action that there is not",
    "unknown-name": "an app, profile, status or other name that is not known to this gateway",
    "invalid-id": "an id that is not made of lower-case letters, digits and single dashes",
    "duplicate-id": "two rules or entries with one id",
    "empty-list": "a list without entries, which nothing could ever be on",
    "never-matches": "a condition that no exchange can meet",
    "never-reached": "rules above end the walk for everything that this rule matches",
    "wrong-phase": "something that cannot be known, or can no longer be done, when the rule is asked",
    "redirect-loop": "people are sent to an address at which this policy stops them again",
    "invalid-exception": "an exception from something that has none, from every rule, or the same one twice",
    "failed-case": "a case of the policy does not come out as expected",
}
"""What keeps a policy from going live."""

NOTE_CODES: Mapping[str, str] = {
    "no-cases": "no cases say what is expected of the policy, so nothing shows that it does what it is meant to",
    "no-description": "a rule that does not say why it is there",
    "unused-list": "a list that no rule or entry asks about",
    "redundant-condition": "a part of a condition that says nothing beside the others",
    "dead-alternative": "an alternative below `any` that can never hold, although others can",
    "reached-only-unread": "a rule that decides only when the content could not be looked at, because rules above end the walk "
    "for everything that it matches",
    "never-inspected": "a rule about connections that `do_not_inspect` leaves alone; it is asked about plain HTTP only",
    "not-decrypted": "a rule about what is inside connections that this gateway does not decrypt",
    "request-has-left": "a rule that stops a response; the request has left by then",
    "message-unseen": "a message of a rule that stops nothing",
    "message-too-long": "a message that the close of a WebSocket cannot carry whole",
    "nothing-to-acknowledge": "a rule that coaches without saying what about",
    "coaches-unseen": "a rule that coaches also on connections that stay encrypted, where no page can be shown",
    "odd-pattern": "a regular expression that fits everything, or in which `*` looks like a wild card",
    "wide-exception": "an exception that switches a rule off for everybody",
    "expired-exception": "an exception whose last day is over: the rule acts again",
    "exception-ends-soon": "an exception whose last day is near",
    "no-time-zone": "times of day without a `time_zone`, which are therefore those of UTC",
    "monitor-mode": "a policy that only tells what it would do",
    "unread-passes": "`on_uninspectable: allow` beside rules that stop content: what nobody can read is let pass",
}
"""What is worth knowing and stops nothing."""

UNKNOWN: Mapping[str, str] = {"key": "unknown-key", "action": "unknown-action", "operator": "unknown-operator"}
"""The code for an unknown name of a kind; `unknown-name` for every other kind."""
