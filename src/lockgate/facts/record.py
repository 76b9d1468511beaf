"""What is kept of one exchange. Exactly one record per exchange; never content, except sealed."""

from dataclasses import dataclass, field

from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.notice import Notice
from lockgate.facts.redaction import Redaction


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSummary:
    """A finding as it is stored: what, how sure, its mask, and what sort of text it was in."""

    detector: str
    profiles: tuple[str, ...]
    detection_confidence: str
    mask: str
    found_in: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentSummary:
    """A file as it is stored: its type by content, the declared one, bytes, digest. Its name is content and not among them.

    `size` is 0 and `sha256` empty for one that was only named.
    """

    type: str = ""
    declared: str = ""
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedText:
    """Captured text, encrypted to the reviewers' keys before it is queued.

    `wrapped_key` is an age file holding the 32-byte data key; `nonce` and `ciphertext` are AES-256-GCM with the record id as
    associated data. `key_id` names the data key so that its unwrapping can be cached.
    """

    key_id: str
    wrapped_key: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One exchange: one request with its response, one WebSocket, one message or unasked answer on a WebSocket, or one tunnel.

    `started_at` is seconds since the epoch (UTC); `*_ms` are milliseconds; byte counts are of bodies (of the tunnel, for a
    tunnel). `path` has no query. `text_kinds` counts characters by kind of text. Scores are shown values ("2.9") or empty.
    `status` is 0 when no response was sent.
    `capture_days` is how many days the sealed text is kept, 0 for as long as the record.
    `notices` are the webhooks to be told of it, and of which rule.
    `headers` are the names of those that rules changed, as `set:name`, `removed:name` or `left_out:name`.
    `exceptions` are those of the policy that kept a rule from acting, as `exception-id:rule-id`.
    `country` and `networks` are the client's. `device_posture` is None when nobody told of checks, `device_problem` why what
    was told of the device does not count.
    `refers_to` are the files that a prompt names, `uploaded_as` what an upload can be named by.
    `tasks` are ids under which the app works on what was asked: what a prompt's answer comes under when it comes elsewhere, and
    what an answer that is fetched later (`holds_answer`) is fetched by.
    `mcp_server`, `mcp_methods` and `mcp_tools` say what was asked of an MCP server, `mcp_changed` which of these tools were not
    the accepted ones. `tool_calls` names the tools an agent called, or sent results of, in what was new, and those that an
    answer which was read along called.
    `redactions` says how many values were replaced in what left, by rule and detector.
    `acknowledged` are the rules that would have stopped it, had the person not acknowledged them.
    `messages` counts what the client said on a WebSocket; `socket` is the id of the WebSocket's record, for a message.
    `facts` is what `gate.kept_facts` keeps for policies; a store keeps it beside the record, and gives it out on its own.
    """

    id: str
    started_at: float
    duration_ms: float
    kind: str
    client_address: str
    user: str = ""
    groups: tuple[str, ...] = ()
    identified_by: str = ""
    country: str = ""
    networks: tuple[str, ...] = ()
    device: str = ""
    device_enrolled: bool = False
    device_trust: str = ""
    device_posture: tuple[str, ...] | None = None
    device_problem: str = ""
    client_kind: str = ""
    client_product: str = ""
    client_version: str = ""
    client_via: str = ""
    method: str = ""
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    app: str = ""
    app_name: str = ""
    app_category: str = ""
    app_status: str = ""
    tier: str = ""
    application_confidence_score: str = ""
    genai_confidence_score: str = ""
    tenant: str = ""
    account_kind: str = ""
    credential: str = ""
    operation: str = ""
    format: str = ""
    model: str = ""
    conversation: str = ""
    prompt_digest: str = ""
    attachments: tuple[AttachmentSummary, ...] = ()
    refers_to: tuple[str, ...] = ()
    uploaded_as: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    holds_answer: bool = False
    background: bool = False
    text_kinds: dict[str, int] = field(default_factory=dict[str, int])
    mcp_server: str = ""
    mcp_methods: tuple[str, ...] = ()
    mcp_tools: tuple[str, ...] = ()
    mcp_changed: tuple[str, ...] = ()
    tool_calls: tuple[str, ...] = ()
    discovered: tuple[str, ...] = ()
    drift: str = ""
    shape: str = ""
    verdict: Verdict = Verdict.ALLOW
    reason: Reason = Reason.DEFAULT
    rule: str = ""
    monitored: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    acknowledged: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    policy_version: str = ""
    trace: tuple[str, ...] = ()
    examination: str = ""
    examined_turns: int = 0
    already_seen_turns: int = 0
    examination_us: int = 0
    findings: tuple[FindingSummary, ...] = ()
    redactions: tuple[Redaction, ...] = ()
    capture: Capture = Capture.NONE
    capture_days: int = 0
    sealed: SealedText | None = None
    status: int = 0
    upstream_contacted: bool = False
    request_bytes: int = 0
    response_bytes: int = 0
    first_byte_ms: float = 0.0
    messages: int = 0
    socket: str = ""
    error: str = ""
    worker: int = 0
    facts: bytes = field(default=b"", repr=False)
