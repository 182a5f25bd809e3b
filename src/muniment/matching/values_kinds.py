"""Which kind the values of an attribute are, told by how they are written (and a little by the header).

Called by `claims.py` once per column, on its distinct values with how often each is met.
"""

import re
from collections.abc import Callable, Sequence

from muniment import model
from muniment.matching import values_names as names
from muniment.matching import values_numbers as numbers
from muniment.matching.values import Kind, form

SAMPLE = 3000
"""Distinct values that are looked at."""

_MISSING = frozenset({
    "", "-", "--", "---", "?", "n/a", "na", "n.a.", "nan", "null", "none", "nil", "not available",
    "not provided", "not provided by airline", "not known", "unknown", "unavailable", "no data", "missing",
    "tbd", "tba", "#n/a", "not applicable", "(null)", "<na>", "\\n", "not specified", "undefined",
})  # fmt: skip
_MOST = 0.85
_TYPED: tuple[Kind, ...] = ("addresses", "version", "moment", "number")
_PERSON_HEADER = re.compile(
    r"author|actor|director|editor|owner|manager|person|contact|artist|writer|inventor|employee|assignee|responsible"
    r"|player|creator|composer|producer|cast|starring|user"
)
_COMPANY_HEADER = re.compile(r"company|vendor|manufacturer|maker|publisher|supplier|brand|organi[sz]ation|studio")
_OS_HEADER = re.compile(r"(?:^|[^a-z])os(?:$|[^a-z])|operating[ _]?system|platform")
_LIST = re.compile(r"[;|]|\s&\s|\s(?:and|und|et)\s|,.*,", re.IGNORECASE)
_FAMILY_FIRST = re.compile(r"^[^\W\d_][\w'-]+, ?[^\W\d_][\w.'-]*\.?(?: [^\W\d_][\w.'-]*)?$")
_NAMED = re.compile(r"^(?:[^\W\d_][\w.'\u2019-]*[ ,]+){1,4}[^\W\d_][\w.'\u2019-]*\.?$")
_HOST = re.compile(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.?$", re.IGNORECASE)
_DOTTED = re.compile(r"^v?\d+(?:\.\d+){2,}")
_CODE = re.compile(r"^0\d+$|^\d{9,}[\dxX]?$")
_YEAR_MONTH = re.compile(r"^(?:1[5-9]|20|21)\d\d(?:[-/.](?:0?[1-9]|1[0-2]))?$")
_WORDY = re.compile(r"[^\W\d_]{3,}")


def is_missing(text: str | None) -> bool:
    """Whether a cell says nothing."""
    return text is None or text.strip().lower() in _MISSING


def kind_of(header: str, texts: Sequence[str]) -> Kind:
    """The kind of an attribute's values.

    Args:
        header: its name, which breaks ties only.
        texts: distinct values, the most frequent first.
    """
    looked = [text.strip() for text in texts[:SAMPLE]]
    if not looked:
        return "text"
    header = header.lower().replace("_", " ")
    fitting = next((kind for kind in _TYPED if _fits(kind, looked)), None)
    return fitting or _named_kind(header, looked)


def _named_kind(header: str, looked: Sequence[str]) -> Kind:
    """The kind of texts that are neither numbers nor dates."""
    if _OS_HEADER.search(header) or _share(looked, _knows_system) >= _MOST:
        return "os"
    if ("host" in header or any("." in one for one in looked)) and _share(looked, _hostlike) >= _MOST:
        return "host"
    if _listed(header, looked):
        return "people"
    if _personal(header, looked):
        return "person"
    return "company" if _COMPANY_HEADER.search(header) else "text"


def _share(texts: Sequence[str], test: Callable[[str], object]) -> float:
    return sum(bool(test(text)) for text in texts) / len(texts)


def _fits(kind: Kind, texts: Sequence[str]) -> bool:
    if kind == "version":
        dotted = _share(texts, _DOTTED.match)
        return dotted >= 0.2 and _share(texts, names.version) >= _MOST  # noqa: PLR2004 - bare numbers are no versions
    if kind == "moment":
        dated = _share(texts, _dated)
        return dated >= _MOST or (dated >= 0.2 and _share(texts, _in_time) >= _MOST)  # noqa: PLR2004 - years alone are numbers
    if kind == "number":
        return _share(texts, numbers.number) >= _MOST and _share(texts, _CODE.match) < 0.3  # noqa: PLR2004 - codes
    return _share(texts, lambda text: not isinstance(form(kind, text).body, str)) >= _MOST


def _dated(text: str) -> bool:
    """Whether it is a date or a clock's time, and no bare number or sentence."""
    if text.replace(".", "").replace("-", "").isdigit() and len(text) < 8:  # noqa: PLR2004 - 20240131
        return False
    return numbers.moment(text) is not None and len(_WORDY.findall(text)) <= 3  # noqa: PLR2004 - day, month, zone


def _in_time(text: str) -> bool:
    """Whether it is a date, a month or a year."""
    return _dated(text) or bool(_YEAR_MONTH.match(text))


def _knows_system(text: str) -> bool:
    return bool(model.normalise(model.attribute("os"), text).derived.get("os_version"))


def _hostlike(text: str) -> bool:
    return bool(_HOST.match(text)) and any(char.isdigit() or char == "." for char in text)


def _listed(header: str, texts: Sequence[str]) -> bool:
    lists = _share(texts, _LIST.search)
    hinted = bool(_PERSON_HEADER.search(header))
    return (hinted and lists >= 0.1) or (lists >= 0.5 and _share(texts, lambda one: ";" in one or "|" in one) >= 0.3)  # noqa: PLR2004


def _personal(header: str, texts: Sequence[str]) -> bool:
    turned, mails = _share(texts, _FAMILY_FIRST.match), _share(texts, lambda one: "@" in one)
    if _PERSON_HEADER.search(header):
        return _share(texts, lambda one: bool(_NAMED.match(one)) or "@" in one) >= 0.5  # noqa: PLR2004
    return turned >= 0.15 and turned + mails + _share(texts, _NAMED.match) >= _MOST  # noqa: PLR2004
