"""The closed list of what a transform may say: steps, ways of reading, checks. Data with its grammar.

`syntax` reads and writes it, `transform` validates against it, `steps` and `checks` carry it out, and the
table in docs/mappings.md is tested against it. Nothing here runs anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

FieldType = Literal["text", "texts", "table", "pattern", "place", "number or date", "choice", "flag"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a word takes. `keyword` is how it is introduced in the small syntax; positional without."""

    name: str
    type: FieldType
    keyword: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A step, a way of reading or a check: its fields, what it does, and an example in the small syntax."""

    name: str
    fields: tuple[Field, ...]
    help: str
    example: str


_ELSE = Field("else", "choice", "else", required=False, choices=("keep", "empty", "problem"))
_TAKE = Field("take", "place", "take", required=False)
_KEEP = Field("keep", "flag", "keep", required=False)


def _words(*words: Word) -> Mapping[str, Word]:
    return MappingProxyType({word.name: word for word in words})


STEPS = _words(
    Word(
        "join",
        (Field("columns", "texts"), Field("with", "text", "with", required=False)),
        "The cell and those of other columns of the row, with a blank or what `with` says between them."
        " Only as the first step.",
        'join "Last name" with " "',
    ),
    Word(
        "split",
        (Field("on", "text"), _TAKE),
        "Cut at a text, into a list; `take 2` keeps the second part, `take -1` the last.",
        "split / take 2",
    ),
    Word(
        "part",
        (Field("pattern", "pattern"), Field("group", "place", "group", required=False), _ELSE),
        "What a group of a regular expression (RE2: linear time) finds; by default the first group, and the"
        " cell as it is where nothing is found.",
        r'part "^(.+) \\(([^)]+)\\)$" group 2',
    ),
    Word(
        "lookup",
        (Field("table", "table"), _ELSE),
        "Codes to what they mean, in any case; others stay as they are unless `else` says otherwise.",
        "lookup P=production T=test else problem",
    ),
    Word(
        "date",
        (Field("format", "text"),),
        "A date written by a pattern of strptime (%d day, %m month, %Y year, %H hour, ...).",
        "date %Y%m%d",
    ),
    Word("case", (Field("to", "choice", choices=("upper", "lower", "title")),), "Letters of one case.", "case lower"),
    Word(
        "strip",
        (Field("prefix", "text", "prefix", required=False), Field("suffix", "text", "suffix", required=False)),
        "Without a text at the beginning or the end, where it is there.",
        "strip prefix CORP\\\\",
    ),
    Word("default", (Field("value", "text"),), "This where nothing is left, also in empty cells.", "default unknown"),
    Word("constant", (Field("value", "text"),), "This whatever the cell says, also in empty cells.", "constant test"),
)
"""What turns a cell into another text, in the order written."""

READINGS = _words(
    Word("unit", (Field("unit", "text"),), "The unit of numbers without one.", "unit GiB"),
    Word(
        "order",
        (Field("order", "choice", choices=("day-first", "month-first")),),
        "Whether 01/02/2024 is the 1st of February or the 2nd of January.",
        "order day-first",
    ),
    Word(
        "decimal",
        (Field("mark", "choice", choices=("comma", "point")),),
        "Whether 1.234 is a thousand or a little more than one.",
        "decimal comma",
    ),
    Word("timezone", (Field("zone", "text"),), "Where times without a zone are from.", "timezone Europe/Berlin"),
    Word(
        "fallback",
        (Field("fallback", "choice", choices=("yes", "no")),),
        "Whether it speaks only in rows where no other column gives the attribute.",
        "fallback yes",
    ),
)
"""How the text that the steps leave is read for the attribute."""

CHECKS = _words(
    Word(
        "type",
        (
            Field(
                "type",
                "choice",
                choices=("integer", "number", "date", "datetime", "ip", "mac", "uuid", "email", "url", "boolean"),
            ),
            _KEEP,
        ),
        "The text can be read as this type.",
        "check type integer",
    ),
    Word(
        "range",
        (
            Field("min", "number or date", "min", required=False),
            Field("max", "number or date", "max", required=False),
            _KEEP,
        ),
        "The value (in the attribute's unit; dates as 2024-02-01) lies between the two, both included.",
        "check range min 1 max 512",
    ),
    Word("one_of", (Field("values", "texts"), _KEEP), "The value is one of these, in any case.", "check one_of a b"),
    Word(
        "pattern",
        (Field("pattern", "pattern"), _KEEP),
        "The whole text matches a regular expression (RE2).",
        r'check pattern "[A-Z]{3}-\\d+"',
    ),
    Word(
        "reference",
        (Field("column", "text"),),
        "The text is one of the cells of a column of the same table; reported, the value is kept.",
        "check reference sys_id",
    ),
)
"""What a value must satisfy; one that does not is reported and not claimed, unless `keep` is said."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a transform document."""
    properties: dict[str, Any] = {
        "steps": {"type": "array", "items": {"oneOf": [_object("do", word) for word in STEPS.values()]}},
        "unit": {"type": "string"},
        "decimal_comma": {"type": "boolean"},
        "day_first": {"type": "boolean"},
        "timezone": {"type": "string"},
        "checks": {"type": "array", "items": {"oneOf": [_object("check", word) for word in CHECKS.values()]}},
    }
    also = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"attribute": {"type": "string"}, **properties},
            "required": ["attribute"],
            "additionalProperties": False,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "How the cells of a column are read",
        "type": "object",
        "properties": {**properties, "also": also},
        "additionalProperties": False,
    }


_JSON_TYPES: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    "table": {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1},
    "pattern": {"type": "string", "description": "a regular expression of RE2"},
    "place": {"type": "integer", "not": {"const": 0}},
    "number or date": {"type": ["number", "string"]},
    "flag": {"type": "boolean"},
}


def _object(tag: str, word: Word) -> dict[str, Any]:
    fields = {
        field.name: {"enum": list(field.choices)} if field.type == "choice" else dict(_JSON_TYPES[field.type])
        for field in word.fields
    }
    return {
        "type": "object",
        "description": word.help,
        "properties": {tag: {"const": word.name}, **fields},
        "required": [tag, *(field.name for field in word.fields if field.required)],
        "additionalProperties": False,
    }
