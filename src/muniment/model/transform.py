"""A transform document: what it must look like, said in words, and compiled to read cells.

Called by `mapping` (validate, describe) and `evidence` (reader). The document is JSON of the closed list in
`vocabulary`; a text of a source never becomes code.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from muniment.base.errors import Rejected
from muniment.model import checks, steps, zones
from muniment.model.normalise import join_readings, normalise
from muniment.model.types import Attribute, Context, Normalised
from muniment.model.vocabulary import CHECKS, STEPS, Field, Word

_LIMITS = {"steps": 20, "checks": 20, "also": 20}
_LONGEST_TEXT = 1_000
_LARGEST_TABLE = 5_000
_READ_AS: Mapping[str, type] = {
    "unit": str, "decimal_comma": bool, "day_first": bool, "timezone": str, "fallback": bool,
}  # fmt: skip
_NO_CELLS: Mapping[str, Collection[str]] = MappingProxyType({})

Read = Callable[[str], Normalised]


class Stage(NamedTuple):
    """One step of a reading: how it is called, and the texts after it."""

    step: Mapping[str, Any]
    texts: tuple[str, ...]


def validated(document: Any, *, nested: bool = False) -> dict[str, Any]:
    """The document, if it is one.

    Raises:
        Rejected: it is not; the message names the place and what may stand there.
    """
    if not isinstance(document, Mapping):
        raise Rejected('a transform is a JSON object, such as {"steps": [{"do": "case", "to": "lower"}]}')
    allowed = {*_READ_AS, "steps", "checks", *(("attribute",) if nested else ("also",))}
    for key in document:
        if key not in allowed:
            raise Rejected(f"a transform has no {key!r}: it may have {', '.join(sorted(allowed))}")
    _validate_reading(document)
    for part, limit in _LIMITS.items():
        if part in document and (not isinstance(document[part], list) or len(document[part]) > limit):
            raise Rejected(f"{part} must be a list of at most {limit}")
    for place, step in enumerate(document.get("steps", ())):
        _validate(step, "do", STEPS, f"step {place + 1}")
        if step["do"] == "join" and place:
            raise Rejected("join must be the first step: it puts whole cells together")
    for place, check in enumerate(document.get("checks", ())):
        _validate(check, "check", CHECKS, f"check {place + 1}")
    for more in document.get("also", ()):
        validated(more, nested=True)
        if not isinstance(more.get("attribute"), str):
            raise Rejected("each entry of also names its attribute")
    return dict(document)


def _validate_reading(document: Mapping[str, Any]) -> None:
    for name, kind in _READ_AS.items():
        if name in document and not isinstance(document[name], kind):
            raise Rejected(f"{name} must be a {'text' if kind is str else 'boolean'}")
    if not zones.exists(document.get("timezone", "UTC")):
        raise Rejected(f"there is no time zone {document['timezone']!r}: give an IANA name such as Europe/Berlin")


def _validate(item: Any, tag: str, words: Mapping[str, Word], where: str) -> None:
    named = item.get(tag) if isinstance(item, Mapping) else None
    word = words.get(named) if isinstance(named, str) else None
    if word is None:
        raise Rejected(f"{where} must say {tag!r} with one of {', '.join(words)}")
    fields = {field.name: field for field in word.fields}
    for key in item:
        if key != tag and key not in fields:
            raise Rejected(f"{where} ({word.name}) has no {key!r}: it takes {', '.join(fields)}")
    for name, field in fields.items():
        if name in item:
            problem = _unfit(item[name], field)
            if problem:
                raise Rejected(f"{where} ({word.name}): {name} {problem}")
        elif field.required:
            raise Rejected(f"{where} ({word.name}) needs {name}, as in: {word.example}")
    if word.name in {"strip", "range"} and len(item.keys() - {"keep"}) == 1:
        raise Rejected(f"{where} ({word.name}) says nothing: give it {' or '.join(fields)}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _unfit(value: Any, field: Field) -> str:
    fits = {
        "text": _is_text(value) and (value != "" or field.name in {"with", "value"}),
        "texts": isinstance(value, list) and 0 < len(value) <= _LARGEST_TABLE and all(map(_is_text, value)),
        "table": isinstance(value, Mapping)
        and 0 < len(value) <= _LARGEST_TABLE
        and all(_is_text(key) and _is_text(meaning) for key, meaning in value.items()),
        "pattern": _is_text(value),
        "place": isinstance(value, int) and not isinstance(value, bool) and value != 0,
        "number or date": isinstance(value, int | float | str) and not isinstance(value, bool),
        "choice": value in field.choices if isinstance(value, str) else False,
        "flag": isinstance(value, bool),
    }[field.type]
    if not fits:
        return f"must be one of {', '.join(field.choices)}" if field.choices else f"is no {field.type} that is allowed"
    return steps.pattern_problem(value) if field.type == "pattern" else ""


def joined_columns(document: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The other columns whose cells belong to the reading, and what goes between them."""
    for step in document.get("steps", ())[:1]:
        if step["do"] == "join":
            return tuple(step["columns"]), step.get("with", " ")
    return (), ""


def speaks_when_empty(document: Mapping[str, Any]) -> bool:
    """Whether an empty cell gives a value."""
    return any(step["do"] in {"constant", "default"} for step in document.get("steps", ()))


def referred_columns(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns in which values are looked up by a check."""
    return tuple(check["column"] for check in document.get("checks", ()) if check["check"] == "reference")


def stages(document: Mapping[str, Any], raw: str) -> tuple[list[Stage], str | None]:
    """What each step makes of a cell (joined with others already), and the problem that ended it."""
    texts: Sequence[str] = (raw,)
    found: list[Stage] = []
    for step in document.get("steps", ()):
        try:
            texts = steps.apply(step, texts)
        except steps.Unfit as problem:
            return found, str(problem)
        found.append(Stage(step, tuple(texts)))
    return found, None


def reader(attribute: Attribute, document: Mapping[str, Any], cells: Mapping[str, Collection[str]] = _NO_CELLS) -> Read:
    """A function that reads cells for an attribute as a document says.

    Args:
        attribute: what the cells are read for.
        document: a valid transform.
        cells: for columns that checks refer to, their cells, folded; a check of a column that is not
            there passes.
    """
    context = Context(
        decimal_comma=bool(document.get("decimal_comma", False)),
        day_first=document.get("day_first"),
        timezone=document.get("timezone", "UTC"),
        unit=document.get("unit"),
    )
    wanted = document.get("checks", ())
    if not document.get("steps") and not wanted:
        return lambda raw: normalise(attribute, raw, context)

    def read(raw: str) -> Normalised:
        passed, problem = stages(document, raw)
        if problem is not None:
            return Normalised(problem=problem)
        texts = passed[-1].texts if passed else (raw,)
        found = [_checked(attribute, text, normalise(attribute, text, context), wanted, cells) for text in texts]
        given = found[0] if len(found) == 1 else join_readings(found)
        if len(given.values) > 1 and not attribute.multi:
            return Normalised(problem=f"{len(given.values)} values where one fits: `take` says which")
        return given

    return read


def _checked(
    attribute: Attribute,
    text: str,
    given: Normalised,
    wanted: Sequence[Mapping[str, Any]],
    cells: Mapping[str, Collection[str]],
) -> Normalised:
    if given.problem or not given.values:
        return given
    for check in wanted:
        failed = checks.failure(check, attribute, text, given.values, cells)
        if failed and (check.get("keep") or check["check"] == "reference"):
            given = given._replace(problem=f"{failed}; the value is kept")
        elif failed:
            return Normalised(note=given.note, problem=failed)
    return given
