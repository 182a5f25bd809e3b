"""Days and points in time, in the forms that tools, spreadsheets and people write them.

Called by `normalise.py` with one cleaned cell at a time. Must never resolve an ambiguous day
silently: "01/02/2024" carries a note unless the source says which comes first.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from muniment.model import zones
from muniment.model.types import Attribute, Context, Normalised

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier janv jän jänner",
            "feb february februar février fevrier févr fev febr",
            "mar march märz mars mrz maerz",
            "apr april avril avr",
            "may mai",
            "jun june juni juin",
            "jul july juli juillet juil",
            "aug august août aout",
            "sep september sept septembre",
            "oct october oktober okt octobre",
            "nov november novembre",
            "dec december dezember dez décembre decembre déc",
        ),
        start=1,
    )
    for name in names.split()
}
_OFFSETS = {  # hours from UTC; RFC 5322, 4.3, and the Central European names
    "z": 0,
    "utc": 0,
    "gmt": 0,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "cet": 1,
    "mez": 1,
    "cest": 2,
    "mesz": 2,
    "bst": 1,
}
_CLOCK = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
_TIME = (
    r"(?:(?:[ ,t]|at|um|à| -){1,3}" + _CLOCK + r" ?(?P<half>[ap]\.?m\.?)?(?: uhr)?"
    r" ?(?P<zone>(?:utc|gmt)?[+-][0-9]{2}:?[0-9]{2}|[a-z]{1,4}\b)?)?(?P<tail> [0-9]{4})?"
)
_NAME = r"(?P<name>[^\W0-9_]{3,10})"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er)?"
_YEAR = r"(?P<year>[0-9]{4}|[0-9]{2}(?!:))"
_FULL_YEAR = r"(?P<year>[0-9]{4})"
_FORMS = tuple(
    re.compile(form + _TIME)
    for form in (
        _FULL_YEAR + r"(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})",
        _FULL_YEAR + r"年(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日",
        r"(?P<one>[0-9]{1,2})(?P<mark>[-/.])(?P<two>[0-9]{1,2})(?P=mark)" + _YEAR,
        _DAY + r"[-/ .]{0,3}(?:of )?" + _NAME + r"[-/ .,]{0,3}" + _YEAR,
        _FULL_YEAR + r"[-/ .]" + _NAME + r"[-/ .]{1,2}(?P<day>[0-9]{1,2})",
        _NAME + r"[-/ .]{1,3}" + _DAY + r"(?:[-/ .,]{1,3}" + _YEAR + ")?",
    )
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20|21)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    r"(?:[t _-]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2}):?(?P<second>[0-9]{2})?(?:\.[0-9]{1,9})?"
    r"(?P<zone>z|[+-][0-9]{2,4}:?[0-9]{0,2})?)?"
)
_MONTH_ONLY = re.compile(
    r"(?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})|(?P<month3>[0-9]{1,2})[/-](?P<year3>[0-9]{4})|"
    + _NAME
    + r"[ .-]{1,2}(?P<year2>[0-9]{4})"
)
_WEEKDAYS = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)"
    r"[^\W0-9_]*[.,]{0,2} "
)
_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,12})?")
_ZERO = re.compile(r"0{4}[-/]|0{1,2}[-/.]0{1,2}[-/.]|0+$")
_WORDS = frozenset({"never", "nie", "jamais"})
_ISO_LENGTHS = frozenset({10, 19, 20})  # the fast way for most of what tools write
_COMPACT_LENGTHS = frozenset({8, 12, 14})
_LONGEST = 80

_EXCEL_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)  # day 60 is the 29 February 1900 that never was
_EXCEL_DAYS = (18264, 73415)  # 1950 to 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_SECONDS = (315532800, 4102444800)  # 1980 to 2099
_FILETIME_SECONDS = 11644473600  # from 1601 to 1970; Windows counts tenths of a microsecond
_PIVOT = 69  # POSIX strptime %y: 69 to 99 are 19xx
_NEVER = frozenset(
    {
        (1970, 1, 1),
        (1900, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
        (1601, 1, 1),
        (1, 1, 1),
        (1980, 1, 1),
    }
)
_LAST_YEAR = 2200
_FIRST_YEAR = 1950


def _offset(text: str) -> tzinfo | None:
    text = text.lower()
    if text in _OFFSETS:
        return timezone(timedelta(hours=_OFFSETS[text]))
    digits = text.removeprefix("utc").removeprefix("gmt")
    if not digits or digits[0] not in "+-":
        return None
    sign, digits = (-1 if digits[0] == "-" else 1), digits[1:].replace(":", "")
    if not digits.isdigit():
        return None
    # WMI writes the offset in minutes (+060), everyone else as hours and minutes
    minutes = int(digits) if len(digits) == 3 else int(digits[:2]) * 60 + int(digits[2:] or 0)  # noqa: PLR2004
    return timezone(sign * timedelta(minutes=minutes)) if minutes < 24 * 60 else None


def _year(text: str) -> int:
    if len(text) == 4:  # noqa: PLR2004
        return int(text)
    return int(text) + (1900 if int(text) >= _PIVOT else 2000)


def _day_and_month(one: int, two: int, mark: str, context: Context) -> tuple[int, int, str | None]:
    """Decide which of two numbers is the day."""
    if one > 12:  # noqa: PLR2004
        return one, two, None
    if two > 12 or one == two:  # noqa: PLR2004
        return two, one, None
    if context.day_first is not None:
        return (one, two, None) if context.day_first else (two, one, None)
    if mark == ".":
        return one, two, None
    return two, one, "day and month are ambiguous: read as month first; set the source's day order"


def _moment(parts: dict[str, str | None], ymd: tuple[int, int, int], context: Context) -> datetime:
    hour = int(parts.get("hour") or 0)
    half = (parts.get("half") or "")[:1]
    if half and 1 <= hour <= 12:  # noqa: PLR2004
        hour = hour % 12 + (12 if half == "p" else 0)
    where = _offset(parts.get("zone") or "") or zones.zone(context.timezone) or UTC
    return datetime(*ymd, hour, int(parts.get("minute") or 0), int(parts.get("second") or 0), tzinfo=where)


def _written(text: str, context: Context) -> tuple[datetime, str | None] | None:
    """Read a date written with separators or month names."""
    for form in _FORMS:
        found = form.fullmatch(text)
        if found is None:
            continue
        parts, note = found.groupdict(), None
        year_text = parts.get("year") or (parts.get("tail") or "").strip()
        if not year_text or (parts.get("year") and parts.get("tail")):
            continue
        if parts.get("name"):
            month = _MONTHS.get(parts["name"] or "")
            if month is None:
                continue
            day = int(parts["day"] or 0)
        elif parts.get("one"):
            day, month, note = _day_and_month(
                int(parts["one"] or 0), int(parts["two"] or 0), parts["mark"] or "", context
            )
        else:
            day, month = int(parts["day"] or 0), int(parts["month"] or 0)
        return _moment(parts, (_year(year_text), month, day), context), note
    return None


def _counted(text: str) -> datetime | None:
    """Read a number that counts days or seconds: Excel, Unix, Windows FILETIME."""
    number = float(text)
    if _EXCEL_DAYS[0] <= number <= _EXCEL_DAYS[1]:
        return _EXCEL_EPOCH + timedelta(seconds=round(number * 86400))
    for factor in (1, 1000, 1000000):
        if _EPOCH_SECONDS[0] <= number / factor <= _EPOCH_SECONDS[1] and len(text) >= 9:  # noqa: PLR2004
            return _EPOCH + timedelta(seconds=int(number / factor))
    seconds = number / 1e7 - _FILETIME_SECONDS
    if _EPOCH_SECONDS[0] <= seconds <= _EPOCH_SECONDS[1]:
        return _EPOCH + timedelta(seconds=int(seconds))
    return None


def _month_only(text: str) -> tuple[datetime, str] | None:
    found = _MONTH_ONLY.fullmatch(text)
    if found is None:
        return None
    year = found["year"] or found["year2"] or found["year3"]
    name = found["name"]
    month = _MONTHS.get(name, 0) if name else int(found["month"] or found["month3"])
    if not month:
        return None
    return datetime(int(year), month, 1, tzinfo=UTC), "only a month: its first day was taken"


def _compact(text: str, context: Context) -> datetime | None:
    found = _COMPACT.fullmatch(text)
    if found is None:
        return None
    ymd = (int(found["year"]), int(found["month"]), int(found["day"]))
    return _moment(found.groupdict(), ymd, context)


def read_moment(text: str, context: Context) -> tuple[datetime, str | None] | None:
    """Read a point in time.

    Args:
        text: cleaned cell.
        context: day order, and the zone of times without one.

    Returns:
        (time with its zone as written, note), None when the text is no date.
    """
    if len(text) > _LONGEST:
        return None
    lowered = text.lower()
    try:
        if text[4:5] == "-" and len(text) in _ISO_LENGTHS:
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=moment.tzinfo or zones.zone(context.timezone)), None
    except ValueError:
        pass  # "2024-1-5 10:00" has such a length too
    try:
        if _NUMBER.fullmatch(lowered):
            compact = _compact(lowered, context) if len(lowered) in _COMPACT_LENGTHS else None
            counted = compact or _counted(lowered)
            return (counted, None) if counted else None
        for candidate in dict.fromkeys((lowered, _WEEKDAYS.sub("", lowered, count=1))):
            written = _written(candidate, context)
            if written:
                return written
        compact = _compact(lowered, context)
        return (compact, None) if compact else _month_only(lowered)
    except (ValueError, OverflowError):
        return None  # the 31st of February, or a year the calendar does not have


def _judge(moment: datetime, text: str) -> Normalised | None:
    """Tell dates that mean "never" or "nothing" from real ones."""
    day = (moment.year, moment.month, moment.day)
    if day in _NEVER or moment.year >= _LAST_YEAR:
        return Normalised(note=f"placeholder {text!r}: the date stands for none")
    if moment.year < _FIRST_YEAR:
        return Normalised(problem=f"{text!r} is before {_FIRST_YEAR}: correct it in the source")
    return None


def _problem(text: str) -> Normalised:
    if _ZERO.match(text) or text.lower() in _WORDS:
        return Normalised(note=f"placeholder {text[:40]!r}: the date stands for none")
    return Normalised(problem=f"{text[:60]!r} is no date: correct it, or map the column again")


def day_cell(_attribute: Attribute, text: str, context: Context) -> Normalised:
    """Read a day as "YYYY-MM-DD"; of a time with a zone, the day as written."""
    read = read_moment(text, context)
    if read is None:
        return _problem(text)
    moment, note = read
    return _judge(moment, text) or Normalised((moment.date().isoformat(),), note=note)


def moment_cell(_attribute: Attribute, text: str, context: Context) -> Normalised:
    """Read a point in time as "YYYY-MM-DDTHH:MM:SSZ", in UTC."""
    read = read_moment(text, context)
    if read is None:
        return _problem(text)
    moment, note = read
    judged = _judge(moment, text)
    if judged:
        return judged
    return Normalised((moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),), note=note)
