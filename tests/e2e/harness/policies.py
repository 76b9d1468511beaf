"""The policies that the tests run under, and the home files they need: one harmless word that must not leave."""

SECRET = "project nightingale"
"""What the detector below finds: a codename, so that no test holds anything that looks like a real secret."""

MESSAGE = "The codename must not leave."

ELSEWHERE = "project waxwing"
"""Another codename, of which the policy says that it belongs into another app."""

DETECTOR_FILES = {
    "dlp/detectors/e2e-codename.yaml": f"""
id: e2e-codename
description: A codename of these tests.
family: e2e
label: codename
source: the tests
engine: keywords
keywords: [{SECRET}]
examples:
  match: ["what is {SECRET} about?"]
  ignore: ["a nightingale sings"]
""",
    "dlp/detectors/e2e-elsewhere.yaml": f"""
id: e2e-elsewhere
description: A codename that belongs into another app.
family: e2e
label: codename
source: the tests
engine: keywords
keywords: [{ELSEWHERE}]
examples:
  match: ["what is {ELSEWHERE} about?"]
  ignore: ["a waxwing sings"]
""",
    "dlp/profiles/e2e-elsewhere.yaml": """
id: e2e-elsewhere
name: Codenames for another app
description: Codenames of these tests that belong into another app.
detectors:
  - {detector: e2e-elsewhere}
""",
    "dlp/profiles/e2e-codenames.yaml": """
id: e2e-codenames
name: Codenames
description: Codenames of these tests.
detectors:
  - {detector: e2e-codename}
""",
}

REDACTING = """
version: 1
default: allow
on_uninspectable: block
rules:
  - id: masked
    when: {operation.carries_payload: true, dlp.profiles: {any: [e2e-codenames]}}
    then: {redact: [e2e-codenames]}
  - {id: keep, when: {app.id: openai-api}, then: {capture: full}}
"""

PUTTING_BACK = """
version: 1
default: allow
on_uninspectable: block
rules:
  - id: replaced
    when: {operation.carries_payload: true}
    then: {redact: {profiles: [e2e-codenames], with: placeholder, reinsert: true}}
"""

NO_CODENAMES = f"""
  - id: no-codenames
    message: {MESSAGE}
    when: {{operation.carries_payload: true, dlp.profiles: {{any: [e2e-codenames]}}}}
    then: block
"""

GUARDED = f"""
version: 1
default: allow
on_uninspectable: block
contact: help@example.com
approved_alternative: https://chatgpt.com/
lists:
  banks: [bank.example]
do_not_inspect:
  - {{id: banking, when: {{host.category: banks}}}}
rules:
  - id: no-perplexity
    message: Perplexity is not approved.
    when: {{app.id: perplexity}}
    then: block
  - id: use-chatgpt
    message: Please use ChatGPT.
    when: {{app.id: [deepseek, deepseek-api]}}
    then: {{redirect: {{to: "https://chatgpt.com/welcome"}}}}
  - id: keep-gemini
    when: {{app.id: gemini-api}}
    then: {{capture: full}}
{NO_CODENAMES}
  - id: elsewhere
    message: This belongs into the other assistant.
    when: {{operation.carries_payload: true, dlp.profiles: {{any: [e2e-elsewhere]}}}}
    then: {{redirect: {{to: "https://chatgpt.com/waxwing"}}}}
"""
"""Blocks an app, redirects another, keeps the text of a third, and lets no codename out."""

ANSWERED = f"""
version: 1
default: allow
on_uninspectable: block
contact: help@example.com
rules:{NO_CODENAMES.replace("then: block", "then: {block: {as: answer}}")}
"""
"""Lets no codename out, and says so as an answer of the model."""

ALLOW_ALL = """
version: 1
default: allow
rules: []
"""

BLOCK_ALL_AI = """
version: 1
default: allow
rules:
  - id: no-ai
    message: No AI today.
    when: {app.known: true}
    then: block
"""
