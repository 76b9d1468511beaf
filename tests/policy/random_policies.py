"""Random policies and random exchanges, for the laws of evaluation."""

import os
from dataclasses import replace

from hypothesis import HealthCheck, reject, settings
from hypothesis import Phase as Step
from hypothesis import strategies as st

from lockgate.facts.app import Operation, ReviewStatus
from lockgate.facts.finding import DetectionConfidence, ExaminationState
from lockgate.facts.problem import Document, UsageError
from lockgate.facts.prompt import Conversation
from lockgate.facts.traffic import Client, Phase, Request, Response
from lockgate.policy import Settled, Walk, compile_policy, evaluate

_BRIEF = "LOCKGATE_BRIEF_LAWS" in os.environ
"""Mutation testing asks hundreds of times: a few examples, and whichever counterexample comes first."""
law = settings(
    max_examples=20 if _BRIEF else 100,
    phases=(Step.explicit, Step.generate) if _BRIEF else tuple(Step),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

CONTENT_TESTS = [
    {"dlp.profiles": {"any": ["credentials", "pii"]}},
    {"dlp.profiles": {"all": ["credentials", "pii"]}},
    {"dlp.profiles": {"none": ["financial"]}},
    {"dlp.profiles": "credentials"},
    {"dlp.detectors": "card-number"},
    {"dlp.count.pii": {"at_least": 2}},
    {"dlp.count.pii": {"below": 2}},
    {"dlp.count.credentials": {"between": [1, 2]}},
    {"dlp.detection_confidence.pii": {"at_least": "medium"}},
    {"dlp.detection_confidence.pii": "low"},
]
EARLY_TESTS = [
    {"host": {"within": "a.example"}},
    {"user.groups": "staff"},
    {"user": {"known": False}},
    {"app.known": True},
    {"app.id": ["chatgpt"]},
    {"app.status": "unapproved"},
    {"app.gen_ai_score": {"below": 3.0}},
    {"app.gen_ai_score": {"scored": False}},
    {"operation": ["send_prompt", "upload"]},
    {"operation.carries_payload": True},
    {"request.method": "POST"},
    {"client.product": "curl"},
    {"account.kind": "personal"},
]
LATER_TESTS = [
    {"prompt.model": "gpt-5"},
    {"prompt.model": {"known": False}},
    {"conversation.id": "c-1"},
    {"examination.state": ["complete", "crashed"]},
]
RESPONSE_TESTS = [{"response.status": {"at_least": 400}}]


def conditions(tests):
    return st.recursive(
        st.sampled_from(tests),
        lambda inner: st.one_of(
            st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
            st.builds(lambda part: {"not": part}, inner),
        ),
        max_leaves=4,
    )


ENDINGS = [
    "allow",
    "block",
    "coach",
    "isolate",
    {"isolate": {"body_bytes": 100}},
    {"redirect": {"to": "https://assistant.example/"}},
]
ADDITIONS = [
    {"tag": "one"}, {"tag": ["two", "one"]}, {"capture": "none"}, {"capture": "masked"}, {"capture": "full"},
    {"redact": ["credentials"]}, {"redact": {"profiles": ["financial", "pii"], "with": "placeholder", "at_least": "medium"}},
]  # fmt: skip
THEN = st.one_of(
    st.sampled_from(ENDINGS + ADDITIONS),
    st.tuples(st.sampled_from(ADDITIONS), st.sampled_from(ENDINGS)).map(list),
)
MODES = st.sampled_from(["enforce", "enforce", "monitor"])


def rules(tests):
    return st.builds(lambda when, then, mode: {"when": when, "then": then, "mode": mode}, conditions(tests), THEN, MODES)


RESPONSE_RULES = st.builds(
    lambda late, when, then: {"when": {"all": [late, when]}, "then": then},
    st.sampled_from(RESPONSE_TESTS),
    conditions(EARLY_TESTS + CONTENT_TESTS),
    st.sampled_from(["allow", "block"]),
)
# Made once: a strategy that is made anew for each example is checked anew, which takes most of the time.
RULE = rules(EARLY_TESTS + CONTENT_TESTS + LATER_TESTS)
RULES, RULES_ABOUT_CONTENT, MORE_RULES, LATE_RULES = (
    st.lists(RULE, min_size=1, max_size=5),
    st.lists(rules(EARLY_TESTS + CONTENT_TESTS), min_size=1, max_size=5),
    st.lists(RULE, max_size=3),
    st.lists(RESPONSE_RULES, max_size=2),
)


@st.composite
def policies(draw, written_rules=RULES, about_response=False):
    written = draw(written_rules)
    if about_response:
        written += draw(LATE_RULES)
    return {
        "version": 1,
        "default": draw(st.sampled_from(["allow", "block"])),
        "on_uninspectable": draw(st.sampled_from(["allow", "block"])),
        "rules": [{"id": f"r{number}", **rule} for number, rule in enumerate(written)],
    }


FINDINGS = st.lists(
    st.sampled_from([(("credentials",), "aws-key"), (("financial", "pii"), "card-number"), (("pii",), "some-name")]), max_size=4
)
FAILURES = [state for state in ExaminationState if state is not ExaminationState.COMPLETE]


class Exchange:
    """Everything about one exchange, handed out phase by phase."""

    def __init__(self, tools, draw, state):
        self.tools = tools
        self.client = draw(
            st.sampled_from([Client(address="10.0.0.1"), Client(address="10.0.0.2", user="bob", groups=("staff",))])
        )
        self.host = draw(st.sampled_from(["x.a.example", "b.example"]))
        self.operation = draw(
            st.sampled_from([Operation.SEND_PROMPT, Operation.UPLOAD, Operation.SIGN_IN, Operation.UNRECOGNISED])
        )
        self.only_body_tells = draw(st.booleans())
        status = draw(st.sampled_from([ReviewStatus.UNAPPROVED, ReviewStatus.APPROVED]))
        known = draw(st.booleans())
        score = draw(st.sampled_from([None, 200, 400]))
        app_id = draw(st.sampled_from(["chatgpt", "claude"]))
        self.app = tools.app(operation=self.operation, status=status, gen_ai=score, id=app_id) if known else None
        self.request = Request(method=draw(st.sampled_from(["GET", "POST"])), scheme="https", host=self.host, port=443)
        turns = tools.sheet().conversation.turns
        unread = draw(st.sampled_from([(), ("file",)])) if state is not ExaminationState.COMPLETE else ()
        model, spoken_in = draw(st.sampled_from([None, "gpt-5"])), draw(st.sampled_from([None, "c-1"]))
        self.conversation = Conversation(turns=turns, model=model, id=spoken_in, unread=unread)
        self.findings = [
            replace(tools.finding(profiles[0], draw(st.sampled_from(DetectionConfidence)), detector), profiles=profiles)
            for profiles, detector in draw(FINDINGS)
        ]
        self.state = state
        self.acknowledged = frozenset(draw(st.sets(st.sampled_from(["r0", "r1", "r2"]))))
        self.response = Response(status=draw(st.sampled_from([200, 500])))

    def sheet(self, phase, examination=None):
        app = self.app
        if app is not None and phase is Phase.REQUEST_HEADERS and self.only_body_tells:
            app = replace(app, operation=None)
        return self.tools.sheet(
            phase, client=self.client, host=self.host, app=app, request=self.request, conversation=self.conversation,
            examination=examination, response=self.response, acknowledged=self.acknowledged,
        )  # fmt: skip

    def examined(self, profiles, extra=(), state=None):
        found = [finding for finding in [*self.findings, *extra] if set(finding.profiles) & profiles]
        return self.tools.examination(*found, state=state or self.state, profiles=set(profiles))

    def stages(self):
        """What is known, growing."""
        for phase in (Phase.CONNECT, Phase.REQUEST_HEADERS, Phase.REQUEST_BODY):
            yield self.sheet(phase)
        for profiles in ({"credentials"}, {"credentials", "pii"}, {"credentials", "financial", "pii"}):
            yield self.sheet(Phase.REQUEST_BODY, self.examined(profiles))

    def last(self):
        return self.sheet(Phase.REQUEST_BODY, self.examined({"credentials", "financial", "pii"}))


class Tools:
    def __init__(self, app, sheet, examination, finding, vocabulary):
        self.app, self.sheet, self.examination, self.finding, self.vocabulary = app, sheet, examination, finding, vocabulary

    def compile(self, data):
        """The policy, or another try when the random one is refused (a rule that is never reached, for one)."""
        try:
            return compile_policy(Document(file="policy.yaml", data=data, places={}), self.vocabulary)
        except UsageError:
            reject()


def effects(decision):
    """What a decision does. Not part of it: the trace, and which policy it came from."""
    return replace(decision, trace=(), policy_version="", monitored=())


def told(decision):
    """All of a decision but how it was reached."""
    return replace(decision, trace=())


def decided(ruleset, facts):
    outcome = evaluate(ruleset, Walk.REQUEST, facts)
    assert isinstance(outcome, Settled), outcome
    return outcome.decision
