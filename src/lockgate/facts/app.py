"""AI apps: who they are, what a request does in them, how they score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ReviewStatus(StrEnum):
    """The organisation's stance on an app."""

    UNREVIEWED = "unreviewed"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    UNAPPROVED = "unapproved"


class Operation(StrEnum):
    """What a person or agent does in an app. `carries_payload` says whether content leaves with it."""

    SEND_PROMPT = "send_prompt"
    UPLOAD = "upload"
    DOWNLOAD = "download"
    SHARE = "share"
    VOICE = "voice"
    IMAGE_GENERATION = "image_generation"
    VIDEO_GENERATION = "video_generation"
    AUDIO_GENERATION = "audio_generation"
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"
    CODE_COMPLETION = "code_completion"
    CODE_INDEX = "code_index"
    EMBEDDING = "embedding"
    SEARCH = "search"
    TOOL_CALL = "tool_call"
    AGENT_TASK = "agent_task"
    TOKEN_COUNT = "token_count"  # noqa: S105 - an operation, not a password
    SIGN_IN = "sign_in"
    ACCOUNT = "account"
    HISTORY = "history"
    MODEL_LIST = "model_list"
    DELETE = "delete"
    STATUS = "status"
    TELEMETRY = "telemetry"
    BROWSE = "browse"
    UNRECOGNISED = "unrecognised"

    @property
    def carries_payload(self) -> bool:
        """Whether a request of this operation takes content of the person or company along."""
        return self in _PAYLOAD_OPERATIONS


_PAYLOAD_OPERATIONS = frozenset({
    Operation.SEND_PROMPT, Operation.UPLOAD, Operation.SHARE, Operation.VOICE, Operation.IMAGE_GENERATION,
    Operation.VIDEO_GENERATION, Operation.AUDIO_GENERATION, Operation.TRANSCRIBE, Operation.TRANSLATE,
    Operation.CODE_COMPLETION, Operation.CODE_INDEX, Operation.EMBEDDING, Operation.SEARCH, Operation.TOOL_CALL,
    Operation.AGENT_TASK, Operation.TOKEN_COUNT, Operation.UNRECOGNISED,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceScore:
    """One of the two scores of an app tier, 0.0-5.0, kept in hundredths so that no binary fraction rounds it.

    `hundredths` is None when nothing is known at all (not scored, which is not 0). `answered` of `components` were answered.
    """

    hundredths: int | None
    answered: int
    components: int

    @property
    def coverage(self) -> int | None:
        """How many per cent of the components were answered, rounded down; None for a score of nothing."""
        return self.answered * 100 // self.components if self.components else None

    @property
    def shown(self) -> str:
        """One decimal, rounded half up, or `not scored`."""
        if self.hundredths is None:
            return "not scored"
        tenths = (self.hundredths + 5) // 10
        return f"{tenths // 10}.{tenths % 10}"


class TierKind(StrEnum):
    """Whom a tier is sold to."""

    FREE = "free"
    INDIVIDUAL = "individual"
    TEAM = "team"
    ENTERPRISE = "enterprise"
    API = "api"


class AccountKind(StrEnum):
    """Whose account is in use: the organisation's own, somebody else's (in most cases the person's own), or not known."""

    CORPORATE = "corporate"
    PERSONAL = "personal"
    UNKNOWN = "unknown"


class CredentialKind(StrEnum):
    """What a request identifies its account with. The credential itself is never kept."""

    NONE = "none"
    API_KEY = "api_key"
    SUBSCRIPTION = "subscription"
    TOKEN = "token"  # noqa: S105 - a kind, not a token
    SIGNATURE = "signature"
    SESSION_COOKIE = "session_cookie"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppTier:
    """An account tier of an app with its two confidence scores. `kind` is absent when nobody said.

    `evidence` has the answers that count in the scores, by the component of the rubric they belong to.
    """

    id: str
    name: str
    kind: TierKind | None = None
    application_confidence: ConfidenceScore
    genai_confidence: ConfidenceScore
    evidence: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What policies and people may ask about an app. `country` is the headquarters' ISO 3166-1 alpha-2 code where known.

    `homepage` is the web address where people find it, empty when its file names none.
    """

    id: str
    name: str
    vendor: str
    category: str
    status: ReviewStatus = ReviewStatus.UNREVIEWED
    country: str | None = None
    homepage: str = ""
    tiers: tuple[AppTier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppMatch:
    """What a request turned out to be. `format` names the wire format, absent when nothing can be read from this operation.

    `tier` is the tier of the account, or the lowest-scoring known one when `tier_known` is False; absent for an app
    without tiers. `account` is whose account it is, `credential` how it shows that; `conversation` is as far as the request's
    head tells. `operation` is None while only the body can tell. `signature` is the operation's id in the app's file, empty
    when none of them fits. `background` says that clients send the operation by themselves around a prompt, `opaque` that
    nobody on the way can read what leaves with it. `answers` is the operation whose answer comes with this one, for what is
    fetched later, and `task` the id it is fetched by.
    """

    app: App
    operation: Operation | None
    signature: str = ""
    format: str | None = None
    opaque: bool = False
    background: bool = False
    tier: AppTier | None = None
    tier_known: bool = False
    tenant: str | None = None
    account: AccountKind = AccountKind.UNKNOWN
    credential: CredentialKind = CredentialKind.NONE
    conversation: str | None = None
    answers: Operation | None = None
    task: str | None = None
