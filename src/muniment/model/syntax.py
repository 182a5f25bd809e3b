"""The small syntax of transforms: `split / take 2 | unit GiB | check range min 1 max 512`, to JSON and back.

Called by the doors for what a person writes, and by everything that shows a transform. A parser by hand: no
text becomes code.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from muniment.base.errors import Rejected
from muniment.model.transform import validated
from muniment.model.vocabulary import CHECKS, READINGS, STEPS, Field, Word

_PLAIN = re.compile(r"[^\s|\"'\\]+")
_HINT = "`muniment mappings transforms` lists what there is"


class _Token(NamedTuple):
    text: str
    quoted: bool


def parse(text: str) -> dict[str, Any]:
    """The document that a text in the small syntax, or in JSON, stands for.

    Raises:
        Rejected: it is neither; the message says what was expected where.
    """
    if text.strip()[:1] == "{":
        try:
            return validated(json.loads(text))
        except (ValueError, RecursionError) as error:
            raise Rejected(f"the transform is no JSON: {error}") from error
    document: dict[str, Any] = {}
    for phrase in _phrases(text):
        _add(document, phrase)
    return validated(document)


def _phrases(text: str) -> list[list[_Token]]:
    phrases: list[list[_Token]] = [[]]
    current, quoted, started = "", False, False
    place = 0

    def end() -> None:
        nonlocal current, quoted, started
        if started:
            phrases[-1].append(_Token(current, quoted))
        current, quoted, started = "", False, False

    while place < len(text):
        sign = text[place]
        if sign in "\"'":
            inside, place = _quoted(text, place)
            current, quoted, started = current + inside, True, True
            continue
        if sign.isspace() or sign == "|":
            end()
            if sign == "|":
                phrases.append([])
        elif sign == "\\" and place + 1 < len(text):
            place += 1
            current, started = current + text[place], True
        else:
            current, started = current + sign, True
        place += 1
    end()
    return [phrase for phrase in phrases if phrase]


def _quoted(text: str, start: int) -> tuple[str, int]:
    """The text within quotes that begin at `start`, and the place behind them."""
    quote, inside, place = text[start], "", start + 1
    while place < len(text):
        if text[place] == quote:
            return inside, place + 1
        if text[place] == "\\" and quote == '"' and text[place + 1 : place + 2] in {'"', "\\"}:
            place += 1
        inside += text[place]
        place += 1
    raise Rejected(f"a quote is not closed: {text[start:][:40]}")


def _add(document: dict[str, Any], phrase: Sequence[_Token]) -> None:
    name, rest = phrase[0].text, phrase[1:]
    if name == "check":
        if not rest or rest[0].text not in CHECKS:
            raise Rejected(f"check needs one of {', '.join(CHECKS)}, as in: check range min 1 max 512; {_HINT}")
        word = CHECKS[rest[0].text]
        document.setdefault("checks", []).append({"check": word.name, **_fields(word, rest[1:])})
    elif name in STEPS:
        document.setdefault("steps", []).append({"do": name, **_fields(STEPS[name], rest)})
    elif name in READINGS:
        (value,) = _fields(READINGS[name], rest).values()
        document.update(
            {
                "unit": {"unit": value},
                "order": {"day_first": value == "day-first"},
                "decimal": {"decimal_comma": value == "comma"},
                "timezone": {"timezone": value},
                "fallback": {"fallback": value == "yes"},
            }[name]
        )
    else:
        raise Rejected(f"{name!r} is no transform: use one of {', '.join((*STEPS, *READINGS, 'check'))}; {_HINT}")


def _fields(word: Word, tokens: Sequence[_Token]) -> dict[str, Any]:
    keywords = {field.keyword: field for field in word.fields if field.keyword}
    positional = [field for field in word.fields if not field.keyword]
    found: dict[str, Any] = {}
    left = list(tokens)

    def ends() -> bool:
        return not left or (not left[0].quoted and left[0].text in keywords)

    for field in positional:
        if field.type in {"texts", "table"}:
            several = []
            while not ends():
                several.append(left.pop(0).text)
            if several:
                found[field.name] = several if field.type == "texts" else _table(several, word)
        elif left:
            found[field.name] = _value(left.pop(0).text, field, word)
    while left:
        keyword = left.pop(0).text
        if keyword not in keywords:
            raise Rejected(f"{word.name} cannot take {keyword!r}; an example: {word.example}")
        field = keywords[keyword]
        if field.type == "flag":
            found[field.name] = True
        elif not left:
            raise Rejected(f"{word.name}: {keyword} needs a value; an example: {word.example}")
        else:
            found[field.name] = _value(left.pop(0).text, field, word)
    missing = [field.name for field in word.fields if field.required and field.name not in found]
    if missing:
        raise Rejected(f"{word.name} needs {missing[0]}; an example: {word.example}")
    return found


def _table(pairs: Sequence[str], word: Word) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise Rejected(f"{word.name} takes pairs such as P=production, not {pair!r}")
    return {code: meaning for code, _, meaning in (pair.partition("=") for pair in pairs)}


def _value(text: str, field: Field, word: Word) -> Any:
    if field.type == "place":
        if not re.fullmatch(r"-?[1-9][0-9]{0,5}", text):
            raise Rejected(f"{word.name}: {field.name} must be a number such as 1, 2 or -1, not {text!r}")
        return int(text)
    if field.type == "number or date":
        if re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", text):
            return float(text) if "." in text else int(text)
        return text
    if field.type == "choice" and text not in field.choices:
        raise Rejected(f"{word.name}: {field.name} must be one of {', '.join(field.choices)}, not {text!r}")
    return text


def written(document: Mapping[str, Any]) -> str:
    """The document in the small syntax; without what it says of further attributes."""
    phrases = [step_written(step) for step in document.get("steps", ())]
    if "unit" in document:
        phrases.append(f"unit {_quote(document['unit'], ())}")
    if "day_first" in document:
        phrases.append(f"order {'day' if document['day_first'] else 'month'}-first")
    if "decimal_comma" in document:
        phrases.append(f"decimal {'comma' if document['decimal_comma'] else 'point'}")
    if "timezone" in document:
        phrases.append(f"timezone {_quote(document['timezone'], ())}")
    if "fallback" in document:
        phrases.append(f"fallback {'yes' if document['fallback'] else 'no'}")
    phrases += [f"check {_phrase(CHECKS[check['check']], check)}" for check in document.get("checks", ())]
    return " | ".join(phrases)


def step_written(step: Mapping[str, Any]) -> str:
    """One step in the small syntax."""
    return _phrase(STEPS[step["do"]], step)


def _phrase(word: Word, item: Mapping[str, Any]) -> str:
    keywords = [field.keyword for field in word.fields if field.keyword]
    parts = [word.name]
    for field in word.fields:
        if field.name not in item or (field.type == "flag" and not item[field.name]):
            continue
        if field.keyword:
            parts.append(field.keyword)
        value = item[field.name]
        if field.type == "table":
            parts += [_quote(f"{code}={meaning}", keywords) for code, meaning in value.items()]
        elif field.type == "texts":
            parts += [_quote(one, keywords) for one in value]
        elif field.type != "flag":
            parts.append(_quote(str(value), ()))
    return " ".join(parts)


def _quote(text: str, keywords: Sequence[str]) -> str:
    if _PLAIN.fullmatch(text) and text not in keywords:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
