"""The steps of a transform, carried out on texts. Pure; regular expressions are RE2's, linear in the text.

Called by `transform` for every distinct cell.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

_MOST_PARTS = 10_000
_PATTERN_MEMORY = 1 << 20


class Unfit(ValueError):
    """A text that a step cannot take; the message says why, for people."""


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern, compiled by RE2 with bounded memory."""
    import re2

    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def pattern_problem(pattern: str) -> str:
    """Why a pattern is none, or nothing."""
    import re2

    try:
        compiled(pattern)
    except re2.error as error:
        told = error.args[0] if error.args else "unreadable"
        told = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
        return f"is no regular expression of RE2 ({told}); look-around and back-references do not exist there"
    return ""


def apply(step: Mapping[str, Any], texts: Sequence[str]) -> list[str]:
    """What a step makes of texts; none where nothing is left.

    Raises:
        Unfit: a text is not what the step expects.
    """
    name = step["do"]
    if name == "constant":
        return [step["value"]]
    if name == "default":
        left = [text for text in texts if text.strip()]
        return left or [step["value"]]
    work = WORK[name]
    return [made for text in texts if text.strip() for made in work(step, text)]


def _as_it_is(step: Mapping[str, Any], text: str) -> list[str]:
    del step  # the cells were put together before
    return [text]


def _split(step: Mapping[str, Any], text: str) -> list[str]:
    parts = [part.strip() for part in text.split(step["on"], _MOST_PARTS)]
    take = step.get("take")
    if take is None:
        return [part for part in parts if part]
    place = take - 1 if take > 0 else len(parts) + take
    return [parts[place]] if 0 <= place < len(parts) and parts[place] else []


def _part(step: Mapping[str, Any], text: str) -> list[str]:
    pattern = compiled(step["pattern"])
    found = pattern.search(text)
    if found is None:
        return _otherwise(step, text, "does not have the expected form")
    group = step.get("group", 1 if pattern.groups else 0)
    if not 0 <= group <= pattern.groups:
        raise Unfit(f"the pattern has {pattern.groups} group(s), not {group}")
    part = found.group(group)
    return [part.strip()] if part and part.strip() else []


def _lookup(step: Mapping[str, Any], text: str) -> list[str]:
    wanted = text.strip().casefold()
    for code, meaning in step["table"].items():
        if code.strip().casefold() == wanted:
            return [meaning] if meaning else []
    return _otherwise(step, text, "is not in the table")


def _otherwise(step: Mapping[str, Any], text: str, why: str) -> list[str]:
    way = step.get("else", "keep")
    if way == "problem":
        raise Unfit(f"{text[:60]!r} {why}")
    return [text] if way == "keep" else []


def _date(step: Mapping[str, Any], text: str) -> list[str]:
    try:
        moment = datetime.strptime(text.strip(), step["format"])  # noqa: DTZ007 - the zone is a reading of its own
    except ValueError:
        raise Unfit(f"{text[:60]!r} is not written as {step['format']}") from None
    timed = any(code in step["format"] for code in ("%H", "%I", "%M", "%S", "%X", "%c"))
    return [moment.isoformat() if timed else f"{moment:%Y-%m-%d}"]


def _case(step: Mapping[str, Any], text: str) -> list[str]:
    return [{"upper": text.upper, "lower": text.lower, "title": text.title}[step["to"]]()]


def _strip(step: Mapping[str, Any], text: str) -> list[str]:
    left = text.strip().removeprefix(step.get("prefix", "")).removesuffix(step.get("suffix", "")).strip()
    return [left] if left else []


WORK: Mapping[str, Callable[[Mapping[str, Any], str], list[str]]] = {
    "join": _as_it_is,
    "split": _split,
    "part": _part,
    "lookup": _lookup,
    "date": _date,
    "case": _case,
    "strip": _strip,
}
"""What each step does to one text; `default` and `constant` see all of them."""
