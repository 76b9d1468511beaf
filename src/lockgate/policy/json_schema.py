"""JSON Schemas of policies and of their cases, for editors: made of the very tables that policies are checked with.

Separate because it describes and never decides: whatever the checker takes, the schemas take too, whatever apps, profiles and
lists there are. What structure alone can tell (misspelt keys, wrong types, missing parts) they tell while one types.
"""

import re
from collections.abc import Iterable, Mapping

import orjson

from lockgate.facts.app import Operation
from lockgate.facts.decision import Capture, Reason, Verdict
from lockgate.facts.finding import DetectionConfidence, ExaminationState
from lockgate.facts.traffic import Phase
from lockgate.policy.actions import ACTIONS
from lockgate.policy.case_syntax import CASE_KEYS, EXPECT_KEYS, GIVEN_KEYS, TOP_KEYS
from lockgate.policy.case_tables import TABLE_KEYS
from lockgate.policy.compiler import POLICY_KEYS, VERSION
from lockgate.policy.draft import ENTRY_KEYS, ID_PATTERN, LONGEST_ID, RULE_KEYS
from lockgate.policy.operators import OPERATORS, ValueType
from lockgate.policy.ruleset import Mode
from lockgate.policy.selector import Selector, Surroundings
from lockgate.policy.selectors import SELECTORS
from lockgate.policy.vocabulary import Vocabulary

type Schema = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_WORD: Schema = {"type": "string", "minLength": 1}
_NOBODY = Surroundings(vocabulary=Vocabulary())
_NUMBERS = {
    ValueType.NUMBER: {"type": "integer", "minimum": 0},
    ValueType.SCORE: {"type": "number", "minimum": 0, "maximum": 5},
}
_YES_OR_NO: Schema = {"type": "boolean"}
_DOCS = {
    "version": "of this format: 1",
    "mode": "`monitor`: only tell what would be done, let everything pass",
    "default": "what happens when no rule ends the walk; has to be written",
    "on_uninspectable": "what happens to what a rule needed to look into and nobody could; `block` unless you say `allow`",
    "contact": "whom people who are stopped can ask",
    "approved_alternative": "where people are sent instead: an app of the library, or a web address",
    "time_zone": "where the clocks hang that rules about hours and days mean, such as `Europe/Berlin`",
    "lists": "named lists of hosts, for `host.category`: `bank.example` and all below it, `*.bank.example` only what is below",
    "do_not_inspect": "connections that are never decrypted; decided first, by what is known when a connection opens",
    "rules": "asked from top to bottom; the first that ends the walk decides",
    "exceptions": "what rules do not apply to, with who answers for it, why, and until when",
    "id": "lower-case letters and digits, words joined by `-`; records and messages name a rule by it",
    "description": "why it is there",
    "when": "all of these hold; without `when` it always applies",
    "then": "what the rule does: one action, or a list with the one that ends the walk last",
    "message": "what a person who is stopped is told",
}


def schema_text(schema: Schema) -> str:
    """A schema as a file holds it."""
    return f"{orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()}\n"


def policy_schema() -> Schema:
    """The schema of a policy file."""
    keys: dict[str, Schema] = {
        "version": {"const": VERSION},
        "mode": {"enum": [mode.value for mode in Mode]},
        "default": {"enum": ["allow", "block"]},
        "on_uninspectable": {"enum": ["allow", "block"]},
        "contact": _TEXT,
        "approved_alternative": _TEXT,
        "time_zone": _TEXT,
        "lists": {"type": "object"},
        "do_not_inspect": _list(_object(ENTRY_KEYS, {"id": {"$ref": "#/$defs/id"}, "when": _condition_ref()}, ["id", "when"])),
        "rules": _list({"$ref": "#/$defs/rule"}),
        "exceptions": _list({"type": "object", "required": ["id", "rules", "owner", "reason", "expires"]}),
    }
    return {
        "$schema": DIALECT,
        "title": "Lockgate policy",
        **_object(POLICY_KEYS, keys, ["version", "default"]),
        "$defs": {
            "id": {"type": "string", "pattern": f"^{ID_PATTERN.removesuffix(chr(92) + 'Z')}$", "maxLength": LONGEST_ID},
            "rule": _rule(),
            "condition": _condition(),
            "action": _action(),
            **_kinds(),
            **_value_definitions(),
        },
    }


def _rule() -> Schema:
    keys: dict[str, Schema] = {
        "id": {"$ref": "#/$defs/id"},
        "description": _TEXT,
        "when": _condition_ref(),
        "then": {"anyOf": [{"$ref": "#/$defs/action"}, {"type": "array", "items": {"$ref": "#/$defs/action"}, "minItems": 1}]},
        "mode": {"enum": [mode.value for mode in Mode]},
        "message": _TEXT,
    }
    return _object(RULE_KEYS, keys, ["id", "then"])


def _object(names: Iterable[str], keys: Mapping[str, Schema], required: list[str]) -> Schema:
    """A mapping with these keys and no others; what is said of a key is shown where the pointer rests on it."""
    properties = {name: {**keys.get(name, {}), **({"description": _DOCS[name]} if name in _DOCS else {})} for name in names}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _condition_ref() -> Schema:
    return {"$ref": "#/$defs/condition"}


def _condition() -> Schema:
    several: Schema = {"type": "array", "items": _condition_ref(), "minItems": 1}
    plain = {row.name: _selector(row) for row in SELECTORS if row.family is None}
    families = {f"^{re.escape(row.prefix)}.+$": _selector(row) for row in SELECTORS if row.family is not None}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {
            "all": {**several, "description": "each of these conditions holds"},
            "any": {**several, "description": "at least one of these conditions holds"},
            "not": {
                **_condition_ref(),
                "description": "this condition does not hold; comparing what is absent is no, so its `not` is yes",
            },
            **plain,
        },
        "patternProperties": families,
        "additionalProperties": False,
    }


def _selector(row: Selector) -> Schema:
    return {
        "description": f"{row.doc} ({row.type.value}, known from {row.phase.name.lower().replace('_', ' ')})",
        "$ref": f"#/$defs/{_kind(row)}",
    }


def _kind(row: Selector) -> str:
    """Selectors that are compared in the same ways share what is said of that."""
    words = _fixed_words(row)
    sort = row.type.value.replace(" ", "-") + (f"-of-{_owner(words)}" if words else "")
    return f"{sort}-always-there" if row.always_there else sort


def _kinds() -> Schema:
    return {_kind(row): _compared(row) for row in SELECTORS}


def _compared(row: Selector) -> Schema:
    operators = {name: {**_operand(row, name), "description": OPERATORS[row.type][name].doc} for name in row.operators}
    bare = _one_or_more(_scalar(row)) if row.type is not ValueType.YES_NO else _YES_OR_NO
    by_operator: Schema = {"type": "object", "properties": operators, "minProperties": 1, "additionalProperties": False}
    return {"anyOf": [bare, by_operator]}


def _operand(row: Selector, operator: str) -> Schema:
    match operator:
        case "known" | "scored":
            return _YES_OR_NO
        case "between":
            return {"type": "array", "items": _scalar(row), "minItems": 2, "maxItems": 2}
        case "is" if row.type is ValueType.YES_NO:
            return _YES_OR_NO
        case _:
            return _one_or_more(_scalar(row))


def _scalar(row: Selector) -> Schema:
    """One value. Words are listed where they are the same in every home."""
    if row.type in _NUMBERS:
        return dict(_NUMBERS[row.type])
    if row.type is ValueType.LEVEL:
        return {"enum": [level.name.lower() for level in DetectionConfidence]}
    words = _fixed_words(row)
    return {"$ref": f"#/$defs/{_owner(words)}"} if words else dict(_WORD)


def _fixed_words(row: Selector) -> frozenset[str]:
    """The words that a policy may use whatever its home knows; empty where that depends on it."""
    if row.known is None or row.family is not None or row.type not in (ValueType.WORD, ValueType.NAMES):
        return frozenset()
    return frozenset(map(str, row.known(_NOBODY)))


def _owner(words: frozenset[str]) -> str:
    """The first selector with these words: they are written down once."""
    return next(row.name for row in SELECTORS if _fixed_words(row) == words)


def _value_definitions() -> Schema:
    sets = {_owner(words): words for row in SELECTORS if (words := _fixed_words(row))}
    return {name: {"enum": sorted(words)} for name, words in sets.items()}


def _one_or_more(scalar: Schema) -> Schema:
    return {"anyOf": [scalar, {"type": "array", "items": scalar, "minItems": 1}]}


def _action() -> Schema:
    alone = [{"const": row.name, "description": row.doc} for row in ACTIONS.values() if row.alone]
    written = {
        row.name: {**_ARGUMENTS.get(row.name, {}), "description": f"{row.doc}. {_sentence(row.example)}"}
        for row in ACTIONS.values()
    }
    with_argument: Schema = {
        "type": "object", "properties": written, "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
    }  # fmt: skip
    return {"anyOf": [*alone, with_argument]}


_ARGUMENTS: Mapping[str, Schema] = {
    "capture": {"enum": [level.value for level in Capture]},
    "tag": _one_or_more(_WORD),
    "redirect": {"type": "object"},
    "coach": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"ask": {}, "for": {}, "choices": {}, "at_least": {}, "as": {}},
    },
    "isolate": {
        "type": "object",
        "properties": {"body_bytes": {"type": "integer", "minimum": 1}},
        "required": ["body_bytes"],
        "additionalProperties": False,
    },
}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def cases_schema() -> Schema:
    """The schema of a file of cases."""
    given: dict[str, Schema] = {
        "app": _TEXT,
        "operation": {"enum": sorted(map(str, Operation))},
        "url": _TEXT,
        "method": _TEXT,
        "headers": {"type": "object"},
        "user": _TEXT,
        "groups": _list(_TEXT),
        "findings": {
            "type": "object",
            "description": "per DLP profile: how many, or `count`, `confidence`, `detector`, `found_in`",
        },
        "examination": {"enum": sorted(map(str, ExaminationState)), "description": "how the examination ended"},
    }
    expect: dict[str, Schema] = {
        "verdict": {"enum": sorted(map(str, Verdict))},
        "rule": {**_TEXT, "description": "the id of the rule that decided, or `none`"},
        "reason": {"enum": sorted(map(str, Reason))},
        "settled_at": {"enum": [phase.name.lower() for phase in Phase]},
        "capture": {"enum": [level.value for level in Capture]},
        "tags": _list(_TEXT),
    }
    case = _object(CASE_KEYS, {
        "name": _WORD, "given": _object(GIVEN_KEYS, given, []), "expect": _object(EXPECT_KEYS, expect, ["verdict"]),
    }, ["name", "expect"])  # fmt: skip
    columns = f"^(expect[.])?({'|'.join(map(re.escape, ('name', *GIVEN_KEYS, *EXPECT_KEYS)))})([.].+)?$"
    table = _object(TABLE_KEYS, {
        "name": _TEXT, "given": _object(GIVEN_KEYS, given, []), "expect": _object(EXPECT_KEYS, expect, []),
        "columns": {"type": "array", "items": {"type": "string", "pattern": columns}, "minItems": 1, "uniqueItems": True},
        "rows": {"type": "array", "items": {"type": "array"}, "minItems": 1},
    }, ["columns", "rows"])  # fmt: skip
    keys: dict[str, Schema] = {
        "version": {"const": 1}, "apps": {"type": "object"}, "cases": _list(case), "tables": _list(table),
    }  # fmt: skip
    return {
        "$schema": DIALECT, "title": "Cases of a Lockgate policy", **_object(TOP_KEYS, keys, ["version"]),
        "anyOf": [{"required": ["cases"]}, {"required": ["tables"]}],
    }  # fmt: skip
