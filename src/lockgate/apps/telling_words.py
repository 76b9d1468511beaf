"""Names that tell of a model: of models themselves, of paths, headers, programs and fields.

Separate because it is a list, and discovery weighs. No app and no host may be in it: what is told by name belongs
in an app file.
"""

import re
from functools import lru_cache

_FAMILIES = (
    r"gpt[-_.]?[0-9o]|gpt[-_]image|o[134](?:-(?:mini|pro|preview|deep|high)|$)|chatgpt|claude[-_]|gemini[-_.]?(?:[0-9]|pro|flash|ultra|nano|exp)"
    r"|gemma|llama|mi[sx]tral|ministral|magistral|codestral|devstral|pixtral|qwen|qwq|deepseek|grok(?:-|$)|command-[ar]|phi-?[0-9]"
    r"|kimi|moonshot|glm-?[0-9]|ernie-|hunyuan|yi-(?:[0-9]|large|medium)|granite-[0-9]|nemotron|sonar(?:-|$)"
    r"|nova-(?:micro|lite|pro|premier|canvas|reel|sonic)|titan-(?:text|embed|image|tg)|jamba|minimax|doubao|solar-(?:mini|pro|[0-9])"
    r"|falcon-?[0-9]|olmo|mpt-[0-9]|vicuna|wizardlm|starcoder|codellama|internlm|baichuan|palm-?2|text-bison|chat-bison"
    r"|dall-?e|imagen-?[_0-9]|flux[-._](?:[0-9]|pro|dev|schnell)|stable-diffusion|sd(?:xl|3)|sora(?:-[0-9]|$)|veo[-_]?[0-9]|kling-v|wan2"
    r"|whisper(?:-|$)|tts-1|eleven_|text-embedding|embed-(?:english|multilingual|v[0-9])|bge-|voyage-[0-9c]|jina-(?:embeddings|clip)"
    r"|nomic-embed|gpt-oss|all-minilm|mimo-v[0-9]|seed-(?:oss|[0-9])|step-[0-9]|arctic-|dbrx|reka-|inflection[-_]"
)
_MODEL = re.compile(rf"(?:[a-z0-9._:-]{{1,60}}[/:.@])?(?:{_FAMILIES})[a-z0-9._:@/+-]{{0,80}}", re.IGNORECASE)
_LONGEST_NAME = 100

_STRONG_PATHS = re.compile(
    r"chat/completions?|:(?:stream)?generate(?:content|answer|message)|completions?/(?:stream|stop)|chat[-_/]?completion"
    r"|(?:text|txt)[-_]?(?:to|2)[-_]?(?:speech|image|video|audio|img|music|3d)|ima?ge?[-_]?(?:to|2)[-_]?(?:video|ima?ge?)"
    r"|(?:^|[/_.-])(?:gpt|llms?|chatgpt|openai|copilot|chatbot|dall-?e|aigc|genai|generative-?ai|multi-?agent|ai-?chat|chat-?ai"
    r"|ai-?assistant|ai-?(?:gateway|proxy|completion))(?=[/_.-]|$)"
    r"|generate[-_]?(?:image|text|answer|video|stream|speech|music|freeform|response|reply|completion)"
    r"|(?:image|video|music|speech|text|audio)[-_/]generat(?:e|ions?)|stream[-_]?(?:unified)?chat|chat[-_/]?stream"
    r"|chat/(?:[a-z]{1,12}[-_])?(?:stream|generate|ask|send_?msg)|run(?:inference|imagefx)|(?:^|/)ai/(?:chat|generate|ask|complete)"
)
_WEAK_PATHS = re.compile(
    r"(?:^|[/_.:-])(?:chats?|completions?|complete|conversations?|ask|assistants?|infer(?:ence)?|predict(?:ions)?|invoke|invocations|agents?"
    r"|bots?|ai|embed(?:dings|text)?|transcri(?:be|ptions)|speech|tts|speak|generat(?:e|ions?)|imagine|responses|answers?"
    r"|rewrite|rephrase|summari[sz]e|translate|v1/messages)(?=[/_.:-]|$)"
)
_CALLS = re.compile(
    r"/[\w.]{0,200}(?:Chat|Assistant|Copilot|Agent|L[Ll][Mm]|Inference|Completion|Generat|Gpt|Prompt)[A-Za-z]{0,60}/"
    r"(?P<method>\w{0,20}(?:(?:Stream|Chat|Unified)\w{0,20}(?:Chat|Stream)|Generate|Complet|Infer|Prompt|Converse|Run|Ask)\w{0,60})?"
)
_GRAPHQL = re.compile(r"(?:prompt|chatbot|copilot|gpt|llm|assistant|aichat)", re.IGNORECASE)
_GRAPHQL_WEAK = re.compile(r"(?:ask|chat|conversation|generate|message|completion)", re.IGNORECASE)

HEADERS = frozenset({
    "anthropic-version", "anthropic-beta", "openai-beta", "openai-organization", "openai-project", "xi-api-key",
    "x-goog-api-client-genai", "x-vercel-ai-ui-message-stream", "mcp-protocol-version", "mcp-session-id", "helicone-auth",
    "x-portkey-provider", "a2a-version", "a2a-extensions",
})  # fmt: skip
"""Headers that only interfaces of models have."""
KEY_HEADERS = frozenset({"authorization", "x-api-key", "api-key"})
KEYS = re.compile(r"(?:Bearer )?(?:sk-[A-Za-z0-9]|gsk_|hf_|r8_|xai-|pplx-|nvapi-|fw_|tgp_v1_|csk-)")
"""How keys of model vendors begin. What follows is never kept."""
PROGRAMS = re.compile(
    r"(?:async)?openai/|anthropic[/-]|\bai-sdk/|google-genai-sdk|litellm|langchain|llama-?index|ollama|cohere-|mistral-client|\bgroq/"
    r"|huggingface|claude-cli|codex_cli|geminicli|opencode/|openrouter|semantic-kernel|pydantic-ai",
    re.IGNORECASE,
)
"""Programs that talk to models, in `user-agent`."""
HOSTS = re.compile(r"(?:^|[.-])(?:ai|gpt|llm|llms|chatbot|copilot|openai|inference)(?:[.-]|$)|gpt|\.ai$")

# Names of fields, in lower case and without marks between words.
SETTINGS = frozenset({
    "temperature", "topp", "topk", "minp", "maxtokens", "maxnewtokens", "maxoutputtokens", "maxcompletiontokens", "maxtoken",
    "maxtokenstosample", "npredict", "frequencypenalty", "presencepenalty", "repetitionpenalty", "repeatpenalty",
    "stopsequences", "systemprompt", "systeminstruction", "systeminstructions", "systemmessage",
    "globalsystemprompt", "generationconfig", "modelconfig", "modelconfiguration", "inferenceconfig",
    "textgenerationconfig", "samplingparams", "reasoningeffort",
    "enablethinking", "thinkingenabled", "thinking", "deepthink", "searchenabled", "negativeprompt", "guidancescale",
    "numinferencesteps", "chathistory", "parentmessageid", "toolchoice", "responseformat", "promptmode", "usersystemprompt",
    "cfgscale", "usesearch", "websearch", "enablesearch", "isretry", "regenerate", "llmconfig", "chatmodel", "modelslug",
    "chatmode", "thinkingmode",
    "streamingresponse", "isstream", "numreturnsequences", "logitbias", "contextwindow", "safetysettings", "toolconfig",
    "modelsettings", "ragmode",
})  # fmt: skip
"""What only a caller of a model sets."""
PROMPTS = re.compile(r"(?<!negative)(?<!system)prompts?\Z|\Aprompt(?:text|content|str)\Z")
TYPED = frozenset({
    "userinput", "inputtext", "textinput", "usermessage", "userquery", "userquestion", "question", "questiontext",
    "userquestiontext", "querytext", "querystr", "querystring", "messagecontent", "msgcontent", "instruction",
    "additionalinstructions", "oriquery", "modelinput", "messageinput", "inputmessage", "usertext", "nlquery",
    "naturallanguagequery", "textprompt",
})  # fmt: skip
"""What a person typed, by the names that programs for models give it."""
SAID = TYPED | {"message", "msg", "text", "query", "content", "input", "inputs", "q", "transcript", "parts", "value", "summary"}
THREADS = frozenset({
    "conversationid", "chatid", "chatsessionid", "sessionid", "threadid", "parentmessageid", "parentid", "turnid", "messageid",
    "conversationuuid", "conversation", "localmessageid", "contextid", "chatuuid", "msgid", "requestid", "taskuid",
})  # fmt: skip
"""What a text belongs to."""
MEANT_FOR = frozenset(
    {"botid", "botuid", "assistantid", "characterid", "personaid", "botname", "assistant", "copilotid", "gptid"}
)
"""Whom a text is meant for."""
MEDIA = frozenset({
    "aspectratio", "ratio", "seed", "width", "height", "imagesize", "size", "outputformat", "numimages", "nframes",
    "orientation", "duration", "style", "resolution", "inputimage", "initimage", "image", "promptimage", "steps", "samples",
})  # fmt: skip
"""What a picture, a film or a piece of music should be like; tells something beside a prompt alone."""
VOICES = frozenset({"voice", "voiceid", "voicename", "voiceengine", "voicesettings"})
MODEL_FIELDS = re.compile(r"(?:model|models|modelid|modelname|modelkey|modelversion|modelarn|engine|modelnametype|mv)\Z")
HISTORIES = frozenset({"user", "human", "bot"})
MODEL_ROLES = frozenset({"assistant", "system", "developer", "model", "tool", "function", "chatbot", "ai"})


def is_model(text: str) -> bool:
    """Whether `text` is nothing but the name of a model, perhaps with its vendor's before it."""
    return 3 <= len(text) <= _LONGEST_NAME and " " not in text and _MODEL.fullmatch(text) is not None


@lru_cache(maxsize=2048)
def plain(name: str) -> str:
    """A field's name without case and marks, so that `maxTokens` and `max_tokens` are the same."""
    return "".join(filter(str.isalnum, name[:64])).lower()


def path_weight(path: str) -> tuple[int, str]:
    """What a path tells, and by which word; zero and nothing for most."""
    call = _CALLS.search(path)
    if call is not None and call.group("method"):
        return 3, "a call of a service that talks to a model"
    lower = path.lower()
    for weight, pattern in ((2, _STRONG_PATHS), (1, _WEAK_PATHS)):
        found = pattern.search(lower)
        if found is not None:
            return weight, f"a path with {found.group().strip('/_.:-')}"
    return (1, "a service with a telling name") if call is not None else (0, "")


def models_in_path(path: str) -> bool:
    """Whether a part of the path is the name of a model."""
    return any(is_model(part.partition(":")[0]) or is_model(part) for part in path.split("/") if part)


def graphql_weight(names: str) -> int:
    """What the names in a GraphQL operation tell."""
    return 2 if _GRAPHQL.search(names) else 1 if _GRAPHQL_WEAK.search(names) else 0
