"""Numbers, sizes, dates and times as values that may say the same thing less precisely.

Called by `values.py`, once per distinct text. Every form keeps how precisely it was written; two agree
where both can be roundings of one fact. Nothing here looks at more than two values.
"""

import math
import re
from datetime import date
from typing import NamedTuple

_NUMBER = re.compile(
    r"^(?P<open>\()?(?P<sign>[-+\u2212])? ?(?P<currency>[$€£¥]|usd|eur|gbp|chf)? ?"
    r"(?P<digits>[0-9][0-9.,' \u00a0]*|\.[0-9]+)"
    r"(?P<exponent>e[-+]?[0-9]{1,3})? ?(?P<unit>[a-zµ°%$€£/]{0,14}\.?)(?P<close>\))?$"
)
_FACTORS = {
    "": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mil": 1e6, "mm": 1e6, "million": 1e6,
    "b": 1e9, "bn": 1e9, "bil": 1e9, "billion": 1e9, "t": 1e12, "tn": 1e12, "trillion": 1e12,
}  # fmt: skip
_SIZES = {
    unit: 1024.0**power
    for power, units in enumerate(("b byte bytes", "kib kb", "mib mb", "gib gb", "tib tb", "pib pb"))
    for unit in units.split()
}
_MONTHS = {
    name: n
    for n, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}
_CLOCK = re.compile(
    r"(?<![0-9:])(?P<hour>[0-9]{1,2})[:h.](?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?"
    r" ?(?P<half>[ap])?(?:\.? ?m\b\.?)?(?![0-9])"
)
_BARE_CLOCK = re.compile(r"^(?P<hour>[0-9]{1,2}) ?(?P<half>[ap])\.?m\.?$")
_ISO = re.compile(r"(?<![0-9])(?P<y>[0-9]{4})[-/.](?P<m>[0-9]{1,2})(?:[-/.](?P<d>[0-9]{1,2}))?(?![0-9])")
_SLASHED = re.compile(
    r"(?<![0-9])(?P<one>[0-9]{1,2})[-/.](?P<two>[0-9]{1,2})(?:[-/.](?P<y>[0-9]{4}|[0-9]{2}))?(?![0-9:])"
)
_NAMED = re.compile(
    r"(?:(?P<d1>[0-9]{1,2})(?:st|nd|rd|th)?[ .,-]{0,2})?(?<![a-z])"
    r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
    r"[a-z]{0,6}\.?[ ,-]{0,2}(?:(?P<d2>[0-9]{1,2})(?:st|nd|rd|th)?(?![0-9:]))?[ ,-]{0,3}(?P<y>[0-9]{4}(?![0-9:]))?"
)
_COMPACT = re.compile(r"(?<![0-9])(?P<y>(?:19|20)[0-9]{2})(?P<m>[01][0-9])(?P<d>[0-3][0-9])(?![0-9])")
_YEAR = re.compile(r"^(?P<y>1[0-9]{3}|20[0-9]{2}|21[0-9]{2})$")
_TWO_DIGITS, _PIVOT, _LONGEST, _NOON, _DAY = 2, 69, 60, 12, 1440
_SIZE_ROUNDING = 0.03
"""What firmware reserves of the memory: 15.6 GiB of 16."""
_DECIMAL = 0.08
"""A decimal gigabyte is that much smaller than a binary one, a terabyte a little more."""


class Number(NamedTuple):
    """A number: its value, half of its last digit, and the word or sign behind it."""

    value: float
    rounding: float
    unit: str


def number(text: str) -> Number | None:
    """Read a number with marks, currency, unit, percent, brackets for a loss; None where it is none."""
    found = _NUMBER.match(text.strip().lower()) if len(text) <= _LONGEST else None
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    plain, decimals = _plain(found["digits"])
    if plain is None:
        return None
    unit = found["unit"].rstrip(".")
    factor = _FACTORS.get(unit, 1.0)
    if unit in _SIZES:
        factor, unit = _SIZES[unit], "b"
    elif unit in _FACTORS:
        unit = ""
    exponent = float("1" + found["exponent"]) if found["exponent"] else 1.0
    negative = found["sign"] in {"-", "\u2212"} or bool(found["open"])
    value = plain * factor * exponent
    if not math.isfinite(value):
        return None
    return Number(-value if negative else value, 0.5 * 10.0**-decimals * factor * exponent, unit)


def _plain(digits: str) -> tuple[float | None, int]:
    """The number that digits with any marks are, and how many of them are decimals."""
    text = re.sub(r"[' \u00a0]", "", digits).rstrip(".,")
    last = max(text.rfind("."), text.rfind(","))
    if last >= 0:
        mark, tail = text[last], text[last + 1 :]
        other = "," if mark == "." else "."
        grouped = text.count(mark) > 1 or (mark == "," and len(tail) == 3)  # noqa: PLR2004 - thousands
        whole = text[:last].replace(other, "")
        text = text.replace(mark, "").replace(other, ".") if grouped else f"{whole}.{tail}"
    try:
        return float(text), len(text.partition(".")[2])
    except ValueError:
        return None, 0


def numbers_agree(one: Number, other: Number) -> bool:
    """Whether the less precise of two numbers is a rounding of the other."""
    if one.unit and other.unit and one.unit != other.unit:
        return False
    slack = max(one.rounding, other.rounding)
    return (abs(one.value - other.value) <= slack * (1 + 1e-9) and slack > min(one.rounding, other.rounding)) or (
        math.isclose(one.value, other.value, rel_tol=1e-9, abs_tol=1e-12)
    )


def sizes_agree(one: float, other: float) -> bool:
    """Whether two sizes are one: what firmware reserves and rounding to whole units is left out."""
    return abs(one - other) <= _SIZE_ROUNDING * max(abs(one), abs(other))


class Moment(NamedTuple):
    """A day and a minute, as far as they are said; `turned` is the other reading of 01/02."""

    year: int | None
    month: int | None
    day: int | None
    minute: float | None
    turned: bool = False

    @property
    def detail(self) -> int:
        """How many of its parts are said."""
        return sum(part is not None for part in self[:4])


def moment(text: str) -> Moment | None:
    """Read a date, a time of day, or both; None where the text is neither."""
    lowered = " ".join(text.lower().replace("t", " t", 1).split()) if "t" in text.lower() else text.lower()
    lowered = re.sub(r"(?<=[0-9]) t(?=[0-9])", " ", lowered).strip()
    if len(lowered) > _LONGEST or not any(char.isdigit() for char in lowered):
        return None
    minute, rest = _minute(lowered)
    day = _date(rest)
    if day is None:
        return None if minute is None else Moment(None, None, None, minute)
    return Moment(day.year, day.month, day.day, minute, day.turned)


def _minute(text: str) -> tuple[float | None, str]:
    """The minute of the day that a text names, and the text without it."""
    found = _BARE_CLOCK.match(text) or next(
        (one for one in _CLOCK.finditer(text) if ":" in one[0] or one["half"] or "h" in one[0]), None
    )
    if found is None:
        return None, text
    parts = found.groupdict()
    hour, minute = int(parts["hour"]), int(parts.get("minute") or 0)
    if parts["half"]:
        hour = hour % _NOON + (_NOON if parts["half"] == "p" else 0)
    if hour > 24 or minute > 59:  # noqa: PLR2004 - of a clock
        return None, text
    return (hour * 60 + minute) % _DAY + int(parts.get("second") or 0) / 60, text[: found.start()] + " " + text[
        found.end() :
    ]


def _date(text: str) -> Moment | None:
    """The day that a text names."""
    found = _ISO.search(text) or _COMPACT.search(text)
    if found:
        return _checked(int(found["y"]), int(found["m"]), int(found["d"]) if found["d"] else None)
    named = _NAMED.search(text)
    if named and (named["d1"] or named["d2"] or named["y"]):
        day = named["d1"] or named["d2"]
        return _checked(int(named["y"]) if named["y"] else None, _MONTHS[named["name"]], int(day) if day else None)
    slashed = _SLASHED.search(text)
    if slashed:
        one, two, year = int(slashed["one"]), int(slashed["two"]), slashed["y"]
        full = None if year is None else _century(year)
        if one > _NOON:
            return _checked(full, two, one)
        return _checked(full, one, two, turned=two <= _NOON and one != two and "/" in slashed[0])
    only = _YEAR.match(text.strip())
    return Moment(int(only["y"]), None, None, None) if only else None


def _century(text: str) -> int:
    if len(text) > _TWO_DIGITS:
        return int(text)
    return int(text) + (1900 if int(text) >= _PIVOT else 2000)


def _checked(year: int | None, month: int, day: int | None, *, turned: bool = False) -> Moment | None:
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return None
    return Moment(year, month, day, None, turned)


def moments_agree(one: Moment, other: Moment) -> bool:
    """Whether two moments differ only in what one of them leaves out."""
    if one.minute is not None and other.minute is not None and round(one.minute) != round(other.minute):
        return False
    if _days_agree(one, other):
        return True
    swapped = Moment(one.year, one.day, one.month, one.minute)
    return (one.turned or other.turned) and _days_agree(swapped, other)


def _days_agree(one: Moment, other: Moment) -> bool:
    shared = [(a, b) for a, b in zip(one[:3], other[:3], strict=True) if a is not None and b is not None]
    return all(a == b for a, b in shared) and (bool(shared) or one.minute is not None is not other.minute)


def minutes_apart(one: Moment, other: Moment) -> float | None:
    """How far two times of day are from each other, round midnight; None where one has none."""
    if one.minute is None or other.minute is None:
        return None
    apart = abs(one.minute - other.minute)
    return min(apart, _DAY - apart)
