"""Numbers with and without units: sizes, counts, rates, spans of time, shares and money.

Called by `normalise.py` with one cleaned cell at a time. IT tools write MB and GB for powers of
1024 (RVTools renamed its columns to MiB only in 2021), so both are read as binary.
"""

import math
import re
from types import MappingProxyType

from muniment.model.types import Attribute, Context, Normalised

_SIZES = {
    unit: 1024**power
    for power, units in enumerate(
        (
            ("B", "byte", "bytes"),
            ("KiB", "KB", "K", "Ki", "kilobyte", "kilobytes", "kbytes", "ko"),
            ("MiB", "MB", "M", "Mi", "megabyte", "megabytes", "mbytes", "meg", "mo"),
            ("GiB", "GB", "G", "Gi", "gigabyte", "gigabytes", "gbytes", "gig", "go"),
            ("TiB", "TB", "T", "Ti", "terabyte", "terabytes", "tbytes", "to"),
            ("PiB", "PB", "P", "Pi", "petabyte", "petabytes"),
        )
    )
    for unit in units
} | {f"decimal {unit}": 1000**power for power, unit in enumerate(("KB", "MB", "GB", "TB"), start=1)}
_SPANS = {
    "s": 1,
    "sec": 1,
    "secs": 1,
    "second": 1,
    "seconds": 1,
    "sekunden": 1,
    "min": 60,
    "mins": 60,
    "minute": 60,
    "minutes": 60,
    "minuten": 60,
    "h": 3600,
    "hr": 3600,
    "hrs": 3600,
    "hour": 3600,
    "hours": 3600,
    "std": 3600,
    "stunden": 3600,
    "heures": 3600,
    "d": 86400,
    "day": 86400,
    "days": 86400,
    "tage": 86400,
    "jours": 86400,
    "w": 604800,
    "week": 604800,
    "weeks": 604800,
    "mo": 2629800,
    "mon": 2629800,
    "month": 2629800,
    "months": 2629800,
    "mth": 2629800,
    "mths": 2629800,
    "monat": 2629800,
    "monate": 2629800,
    "mois": 2629800,
    "y": 31557600,
    "yr": 31557600,
    "yrs": 31557600,
    "year": 31557600,
    "years": 31557600,
    "jahr": 31557600,
    "jahre": 31557600,
    "an": 31557600,
    "ans": 31557600,
}
_FREQUENCIES = {"Hz": 1e-6, "kHz": 1e-3, "MHz": 1, "GHz": 1000}
_POWERS = {"W": 1, "watt": 1, "watts": 1, "kW": 1000, "mW": 0.001, "VA": 1, "kVA": 1000}
_RATES = {  # in bits per second; b and B differ, so these are read with their case
    "bit/s": 1,
    "bps": 1,
    "B/s": 8,
    "Bps": 8,
    "Kbit/s": 1000,
    "kbit/s": 1000,
    "Kbps": 1000,
    "kbps": 1000,
    "KB/s": 8000,
    "KBps": 8000,
    "kB/s": 8000,
    "Mbit/s": 1000000,
    "Mbps": 1000000,
    "Mb/s": 1000000,
    "MB/s": 8000000,
    "MBps": 8000000,
    "MiB/s": 8388608,
    "Gbit/s": 1000000000,
    "Gbps": 1000000000,
    "GB/s": 8000000000,
    "GBps": 8000000000,
}
_PER_SECOND = {"1/s": 1, "/s": 1, "iops": 1, "ops": 1, "ops/s": 1, "per second": 1}
_SHARES = {"%": 1, "percent": 1, "pct": 1, "prozent": 1}


def _with_lower(units: dict[str, float]) -> dict[str, float]:
    return {**units, **{unit.lower(): factor for unit, factor in units.items()}, **units}


_DIMENSIONS: tuple[dict[str, float], ...] = (
    _with_lower(dict(_SIZES)),
    _with_lower(dict(_SPANS)),
    _with_lower(_FREQUENCIES),
    _with_lower(dict(_POWERS)),
    dict(_RATES),
    _with_lower(dict(_PER_SECOND)),
    _with_lower(dict(_SHARES)),
)
_DIMENSION_OF_UNIT = MappingProxyType({unit: units for units in reversed(_DIMENSIONS) for unit in units})

_LONGEST = 64
_NUMBER = re.compile(r"[+-]?[0-9](?:[0-9.,'\u2019 \u00a0\u202f]*[0-9])?(?:[eE][+-]?[0-9]{1,3})?")
_TAIL = re.compile(r"[^\W\d_%/]+(?:/s)?|%|1?/s")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{2,3})(?:\1[0-9]{2,3})*")
_BLANKS = re.compile(r"[\u2019\u00a0\u202f]")
_FULL_GROUP = 3
_ALIKE = 0.005
_WHOLE = 1e15

_HEADER_UNIT = re.compile(
    r"(?:(?<=[^A-Za-z])|^|(?<=[a-z]))(MiB/s|MB/s|MBps|Mbit/s|Mbps|GB/s|KB/s|Gbps|KiB|MiB|GiB|TiB"
    r"|PiB|KB|MB|GB|TB|PB|GHz|MHz|kHz|Hz|kW|kVA|Watts?)(?![A-Za-z/])"
)
_HEADER_WORD = re.compile(
    r"(?<![a-z])(kib|mib|gib|tib|kb|mb|gb|tb|pb|mhz|ghz|watts?|percent|pct|hours|hrs|days|months"
    r"|weeks|years|minutes|mins|seconds|secs|megabytes|gigabytes|bytes|monate|jahre|tage|stunden"
    r"|mois|jours|heures)(?![a-z])"
)
_HEADER_BRACKETS = re.compile(r"[(\[]\s*(?:in )?([A-Za-z/%]{1,12})\s*[)\]]")
_RATE_WORDS = MappingProxyType({"bytes": "B/s", "bits": "bit/s"})
_HEADER_RATE = re.compile(r"\b([KMG]?B|[Bb]ytes|[Bb]its) ?(?:per second|/ ?s(?:ec)?\b)")


def unit_in_header(header: str) -> str | None:
    """Read the unit a column's header shows: "Memory (GB)" -> "GB", "disk_mb" -> "mb".

    Args:
        header: the header as it stands in the file.

    Returns:
        a unit that `Context.unit` accepts, or None. It is taken only by attributes of its kind,
        so that the days of "Warranty (days)" harm no date.
    """
    if len(header) > _LONGEST * 4:
        return None
    rate = _HEADER_RATE.search(header)
    if rate:
        return _RATE_WORDS.get(rate[1].lower(), f"{rate[1]}/s")
    for found in _HEADER_BRACKETS.finditer(header):
        if _dimension(found[1]) is not None:
            return found[1]
    exact = _HEADER_UNIT.search(header)
    if exact:
        return exact[1]
    words = _HEADER_WORD.findall(header.lower())
    if words:
        return str(words[-1])
    return "%" if "%" in header else None


def _dimension(unit: str) -> dict[str, float] | None:
    return _DIMENSION_OF_UNIT.get(unit) or _DIMENSION_OF_UNIT.get(unit.lower())


def convert(number: float, unit: str, into: str) -> float | None:
    """Convert a number between units of one kind, None when they are of different kinds.

    Args:
        number: how many.
        unit: of this unit; case matters only between bits and bytes per second.
        into: one of the units the attributes use.
    """
    units = _DIMENSION_OF_UNIT.get(into)
    if units is None:
        return None
    factor = units.get(unit) or units.get(unit.lower())
    if factor is None:
        return None
    return number if factor == units[into] else number * factor / units[into]


def units_times(unit: str, factor: float) -> tuple[str, ...]:
    """The units of its kind that are so many times as big as a unit, within half a per cent, the usual name first."""
    units = _dimension(unit) or {}
    size = units.get(unit) or units.get(unit.lower()) or 0
    return tuple(name for name, other in units.items() if size and abs(other / size / factor - 1) < _ALIKE)


def read_number(text: str, *, decimal_comma: bool = False) -> tuple[float, str | None] | None:
    """Read a number with any thousands and decimal marks.

    Args:
        text: digits, marks, an exponent; no unit.
        decimal_comma: what a single mark before exactly three digits means.

    Returns:
        (number, note about what was assumed), None when it is no finite number.
    """
    if text.isascii() and text.isdigit():
        return float(text), None
    sign, plain = ("-" if text[:1] == "-" else ""), text.lstrip("+-").lower()
    digits, _, exponent = plain.partition("e")
    whole, decimals, note = _marks(_BLANKS.sub(" ", digits), decimal_comma=decimal_comma)
    if not whole.isdigit():
        if not _GROUPED.fullmatch(whole) or not whole[-_FULL_GROUP:].isdigit():
            return None
        whole = "".join(sign for sign in whole if sign.isdigit())
    try:
        number = float(f"{sign}{whole}.{decimals or 0}e{exponent or 0}")
    except ValueError:
        return None
    return (number, note) if math.isfinite(number) else None


def _marks(digits: str, *, decimal_comma: bool) -> tuple[str, str, str | None]:
    """Split digits into (whole part with its group marks, decimals, note)."""
    commas, dots = digits.count(","), digits.count(".")
    if commas and dots:
        at = max(digits.rfind(","), digits.rfind("."))
        return digits[:at], digits[at + 1 :], None
    if commas + dots != 1:
        return digits, "", None
    mark = "," if commas else "."
    whole, _, behind = digits.partition(mark)
    full_group = len(behind) == _FULL_GROUP and whole.isdigit() and len(whole) <= _FULL_GROUP
    if full_group and whole != "0" and decimal_comma != (mark == ","):
        return digits, "", None
    note = "the comma was read as the decimal mark" if mark == "," and not decimal_comma else None
    return whole, behind, note


def tidy(number: float, digits: int) -> float:
    """Round, and give a whole number as int."""
    if abs(number) < _WHOLE and number == int(number):
        return int(number)
    rounded = round(number, digits)
    return int(rounded) if abs(rounded) < _WHOLE and rounded == int(rounded) else rounded


def _parted(text: str, context: Context) -> tuple[float, str, str | None] | None:
    """Split "16,384 MB" into (number, the rest, note), None when no number stands first."""
    found = _NUMBER.match(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    read = read_number(found[0], decimal_comma=context.decimal_comma)
    return None if read is None else (read[0], text[found.end() :].strip(), read[1])


def _problem(attribute: Attribute, text: str) -> Normalised:
    unit = f" in {attribute.unit}" if attribute.unit else ""
    return Normalised(problem=f"{text[:60]!r} is no {attribute.type}{unit}: correct it, or map the column again")


def measure(attribute: Attribute, text: str, context: Context) -> Normalised:
    """Read a size, number or percentage in whatever unit into the attribute's unit."""
    parted = _parted(text, context)
    value = None if parted is None else _in_own_unit(attribute, parted[0], parted[1], context)
    if parted is None or value is None or abs(value) > _WHOLE:
        return _problem(attribute, text)
    if value < 0 and attribute.unit:
        return Normalised(problem=f"{text!r} is negative: nothing has a {attribute.label.lower()} below 0")
    return Normalised((tidy(value, 3 if attribute.type == "size" else 6),), note=parted[2])


def _in_own_unit(attribute: Attribute, number: float, rest: str, context: Context) -> float | None:
    """Convert from the unit behind the number, else the header's; None when it does not fit."""
    own = attribute.unit
    unit = _unit_behind(rest) if rest else context.unit
    if rest and (unit is None or own is None):
        return None
    if unit is None or own is None:
        return number
    converted = convert(number, unit, own)
    return number if converted is None and not rest else converted


def _unit_behind(rest: str) -> str | None:
    """Give the unit at the beginning of what stands behind a number: "GB RAM" -> "GB"."""
    found = _TAIL.match(rest)
    if found is None or _dimension(found[0]) is None:
        return None
    behind = rest[found.end() :].strip()
    return found[0] if not behind or behind.replace(" ", "").isalpha() else None


def integer(attribute: Attribute, text: str, context: Context) -> Normalised:
    """Read a count: "4", "4.0", "4 vCPU", "16,384"."""
    if text.isascii() and text.isdigit() and len(text) <= _FULL_GROUP * 5:
        return Normalised((int(text),))
    parted = _parted(text, context)
    if parted is None:
        return _problem(attribute, text)
    number, rest, note = parted
    if rest and not _is_counted_thing(rest):
        return _problem(attribute, text)
    if number < 0 or number != int(number) or number > _WHOLE:
        return Normalised(problem=f"{text!r} is no count: it has to be a whole number from 0 on")
    return Normalised((int(number),), note=note)


def _is_counted_thing(rest: str) -> bool:
    """Tell "vCPU" and "cores" from "GB" and "x 8"."""
    words = rest.strip("()s. ").lower()
    letters = words.replace(" ", "").replace("(", "").replace("-", "")
    return letters.isalpha() and words != "x" and (words.split() or [""])[0] not in _DIMENSIONS[0]


_CODES = re.compile(
    r"US\$|A\$|AU\$|C\$|CA\$|NZ\$|S\$|HK\$|R\$|Fr\.|[€£₹₩₺₪₽₴$¥]|(?<![A-Za-z])(?:USD|EUR|GBP|CHF|JPY"
    r"|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|CNY|BRL|MXN|ZAR|SGD|HKD|KRW|TRY|ILS|AED|SAR|RUB|UAH"
    r"|RON|SFr|kr|zł|Kč|euros?|Rs\.?)(?![A-Za-z])",
    re.IGNORECASE,
)
_CURRENCIES = MappingProxyType(
    {
        "us$": "USD",
        "a$": "AUD",
        "au$": "AUD",
        "c$": "CAD",
        "ca$": "CAD",
        "nz$": "NZD",
        "s$": "SGD",
        "hk$": "HKD",
        "r$": "BRL",
        "fr.": "CHF",
        "sfr": "CHF",
        "zł": "PLN",
        "kč": "CZK",
        "euro": "EUR",
        "euros": "EUR",
        "€": "EUR",
        "£": "GBP",
        "₹": "INR",
        "rs": "INR",
        "rs.": "INR",
        "₩": "KRW",
        "₺": "TRY",
        "₪": "ILS",
        "₽": "RUB",
        "₴": "UAH",
        "$": "",
        "¥": "",
        "kr": "",
    }
)
_FULL_AMOUNT = re.compile(r",(?:-{1,2}|\u2013)$")
_MULTIPLES = MappingProxyType({"": 1, "k": 1000, "m": 1000000, "mio": 1000000})


def money(attribute: Attribute, text: str, context: Context) -> Normalised:
    """Read an amount; a currency that is not ambiguous gives `currency` too."""
    if len(text) > _LONGEST:
        return _problem(attribute, text)
    code = _CODES.search(text)
    bare = text if code is None else f"{text[: code.start()]} {text[code.end() :]}"
    bare = bare.strip()
    negative = bare.startswith("(") and bare.endswith(")")
    if negative:
        bare = bare[1:-1].strip()
    if bare.startswith(("-", "+")):
        negative = negative or bare[0] == "-"
        bare = bare[1:].strip()
    parted = _parted(_FULL_AMOUNT.sub("", bare).strip(), context)
    if parted is None or parted[1].lower() not in _MULTIPLES or parted[0] > _WHOLE / 1000:
        return _problem(attribute, text)
    amount = tidy(parted[0] * _MULTIPLES[parted[1].lower()], 4)
    currency = _CURRENCIES.get(code[0].lower(), code[0].upper()) if code else ""
    derived = {"currency": (currency,)} if currency else {}
    return Normalised((-amount if negative and amount else amount,), derived, parted[2])
