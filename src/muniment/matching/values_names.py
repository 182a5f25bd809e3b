"""Names as values: persons, lists of persons, companies, hosts, free text.

Called by `values.py`, once per distinct text. Two names agree where one may be the other written
shorter; nothing here knows how often a name is met.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_TITLES = frozenset(
    ["mr", "mrs", "ms", "dr", "prof", "sir", "dame", "phd", "md", "jr", "sr", "ii", "iii", "iv", "dipl", "ing"]
)
_COMPANY = frozenset({
    "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "gmbh", "ag", "llc",
    "llp", "plc", "sa", "sas", "bv", "nv", "oy", "ab", "kg", "se", "spa", "srl", "holding", "holdings",
    "group", "technologies", "technology", "international", "computer", "computers", "systems", "the",
})  # fmt: skip
_ARTICLES = frozenset({"the", "a", "an"})
_ROLES = re.compile(
    r"\((?:author|editor|ed|eds|illustrator|translator|director|actor|joint author)\.?\)|\b(?:by|et al)\b\.?"
)
_STRONG = re.compile(r"\s*[;|/\n\t]\s*|\s+&\s+|\s+(?:and|und|et|with)\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"^[\[{(]|[\])}]$|['\"]")


def plain(text: str) -> str:
    """The text without case, accents and odd spaces."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(char for char in folded if not unicodedata.combining(char)).split())


def words(text: str) -> tuple[str, ...]:
    """The words of a text, "&" read as "and", apostrophes as nothing."""
    return tuple(_WORD.findall(plain(text).replace("&", " and ").replace("'", "").replace("\u2019", "")))


def text_key(text: str) -> str:
    """The form in which texts are compared: letters and digits only, a leading article left out."""
    found = words(text)
    if len(found) > 2 and found[-1] in _ARTICLES and "," in text:  # noqa: PLR2004 - "Godfather Part II, The"
        found = found[:-1]
    elif len(found) == 2 and found[1] in _ARTICLES and "," in text:  # noqa: PLR2004 - "Godfather, The"
        found = found[:1]
    elif len(found) > 1 and found[0] in _ARTICLES:
        found = found[1:]
    return re.sub(r"(?<=[0-9]) (?=[0-9])|(?<=[^0-9]) | (?=[^0-9])", _glue, " ".join(found)) or text.strip()


def _glue(gap: re.Match[str]) -> str:
    """Nothing between words, a mark between numbers: "1-11" is not "11-1"."""
    before, after = gap.string[gap.start() - 1], gap.string[gap.end() : gap.end() + 1]
    return "." if before.isdigit() and after.isdigit() else ""


def company_key(text: str) -> str:
    """A maker's or company's name without its legal form."""
    found = words(text)
    kept = [word for word in found if word not in _COMPANY]
    return "".join(kept or found) or text.strip()


def initials(text: str) -> str:
    """The first letters of a name of several words, "" of one word."""
    found = [word for word in words(text) if word not in _COMPANY and word != "and"]
    return "".join(word[0] for word in found) if len(found) > 1 else ""


class Person(NamedTuple):
    """A person: family name ("" where it cannot be told), all words sorted, an account's name."""

    family: str
    words: tuple[str, ...]
    account: str = ""

    @property
    def detail(self) -> int:
        """How many letters of the name are said."""
        return sum(map(len, self.words))


@lru_cache(maxsize=65536)
def person(text: str) -> Person | None:
    """Read "John Doe", "Doe, John", "J. Doe", "jdoe@example.com"; None where there is no word."""
    lowered = plain(text)
    if "@" in lowered and " " not in lowered:
        local = lowered.partition("@")[0]
        parts = tuple(part for part in re.split(r"[._-]", local) if part.isalpha())
        return Person(parts[-1], tuple(sorted(parts))) if len(parts) > 1 else Person("", (), local)
    lowered = _ROLES.sub(" ", lowered)
    family, comma, given = lowered.partition(",")
    found = [word for word in words(lowered) if word not in _TITLES]
    if not found:
        return None
    if len(found) == 1 and not comma and any(char.isdigit() for char in found[0]):
        return Person("", (), found[0])
    if comma and words(given):
        last = [word for word in words(family) if word not in _TITLES]
        return Person(last[-1] if last else found[-1], tuple(sorted(found)))
    return Person(found[-1], tuple(sorted(found)))


def persons_agree(one: Person, other: Person) -> bool:
    """Whether two names may be one person's: the family name is the same, given names shorten each other."""
    if one.words == other.words and one.account == other.account:
        return True
    if one.account or other.account:
        account, name = (one.account, other) if one.account else (other.account, one)
        return bool(name.words) and account in _accounts(name)
    fewer, more = sorted((one, other), key=lambda each: (len(each.words), each.detail))
    if not fewer.words or (
        one.family != other.family and not (one.family in other.words and other.family in one.words)
    ):
        return False
    left = list(more.words)
    for word in sorted(fewer.words, key=len, reverse=True):
        match = next((each for each in left if each == word), None) or next(
            (each for each in left if (len(word) == 1 and each[0] == word) or (len(each) == 1 and word[0] == each)),
            None,
        )
        if match is None:
            return False
        left.remove(match)
    return len(fewer.words) > 1


def _accounts(name: Person) -> set[str]:
    """The account names that are made of a person's name."""
    rest = [word for word in name.words if word != name.family] or [""]
    found = {name.family}
    for given in rest:
        found |= {given[:1] + name.family, name.family + given[:1], given + name.family, name.family + given, given}
    return found - {""}


@lru_cache(maxsize=65536)
def people(text: str) -> tuple[Person, ...]:
    """Take a list of persons apart, however it is written."""
    listed = _ROLES.sub(" ", _BRACKETS.sub("", text.strip()))
    found = [part for part in _STRONG.split(listed) if part.strip(" ,.")]
    parts: list[str] = []
    for part in found:
        parts += _by_commas(part, alone=len(found) == 1)
    read = [one for part in parts if (one := person(part.strip(" ,."))) is not None]
    return tuple(sorted(set(read)))


def _by_commas(part: str, *, alone: bool) -> list[str]:
    """Split at commas, unless they stand between family name and given name."""
    pieces = [piece.strip() for piece in part.split(",") if piece.strip()]
    if len(pieces) < 2:  # noqa: PLR2004 - nothing to split
        return pieces
    singles = [len(words(piece)) == 1 for piece in pieces]
    if len(pieces) == 2 and (singles[0] or not alone):  # noqa: PLR2004 - "Doe, John"
        return [part] if singles[0] or len(words(pieces[1])) == 1 else pieces
    if len(pieces) % 2 == 0 and all(singles[::2]):
        return [", ".join(pieces[at : at + 2]) for at in range(0, len(pieces), 2)]
    return pieces


class Host(NamedTuple):
    """A host's name and the domain behind it."""

    short: str
    domain: str


def host(text: str) -> Host:
    """Read a host name with or without its domain."""
    short, _, domain = text.strip().rstrip(".").casefold().partition(".")
    return Host(short, domain)


def hosts_agree(one: Host, other: Host) -> bool:
    """Whether names are of one host: the short names are the same, and one has no domain or part of the other's."""
    if one.short != other.short:
        return False
    return not one.domain or not other.domain or one.domain == other.domain


_VERSION = re.compile(r"^v?(\d+(?:\.\d+)*)[ ._-]?(?:\(?[a-z][\w.() -]*)?$", re.IGNORECASE)


def version(text: str) -> tuple[int, ...] | None:
    """The numbers of a version, None where it is none."""
    found = _VERSION.match(text.strip())
    if not found or len(text) > 40:  # noqa: PLR2004 - no version is longer
        return None
    return tuple(int(part) for part in found[1].split("."))
