"""Words of headers in general: what stands for what, which words say little, and how alike two words are.

`column_names` asks it; the words are data in `shipped/lexicon.toml` beside the words of the field in `words`.
It knows no table and no target.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from rapidfuzz import fuzz

from muniment.matching import names, words

_SYNONYM = 0.8
_SPELLING = 84
"""From this likeness of letters (0 to 100) on, a long word counts as the same word misspelt."""

_LONG = 5
_MOST = 40
_ENDING = re.compile(
    r"(?<=\w{3})(?:ations?|ities|ity|ical|ings?|ers?|ions?|ally|als?|ous|ies|ic|ed|es|s|e|y|ly|ment|ness|ive|able|ological|ology|ologic)$"
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of `lexicon.toml`, ready to be asked.

    Attributes:
        groups: word -> numbers of the lines of `alike` it stands on.
        phrases: words in a row -> the word they are.
        short: abbreviation -> the words it stands for, of each field that has it.
        weak: words that say little.
    """

    groups: dict[str, frozenset[int]]
    phrases: dict[tuple[str, ...], str]
    short: dict[str, tuple[tuple[str, ...], ...]]
    weak: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    text = resources.files("muniment.matching").joinpath("shipped/lexicon.toml").read_text(encoding="utf-8")
    read = tomllib.loads(text)
    groups: dict[str, set[int]] = {}
    phrases: dict[tuple[str, ...], str] = {}
    for number, line in enumerate(read["alike"]):
        for word in line.split():
            groups.setdefault(word.replace("_", ""), set()).add(number)
            if "_" in word:
                phrases[tuple(word.split("_"))] = word.replace("_", "")
    for line in read["phrases"]:
        members = [member.split("_") for member in line.split()]
        shortest = min(("".join(member) for member in members), key=len)
        phrases |= {tuple(member): shortest for member in members}
    short: dict[str, list[tuple[str, ...]]] = {}
    for abbreviation, full in [*read["short"].items(), *words.ABBREVIATIONS.items()]:
        said = tuple(full.split())
        if said != (abbreviation,) and said not in short.setdefault(abbreviation, []):
            short[abbreviation].append(said)
    weak = frozenset(read["weak"]["words"].split()) | frozenset(read["units"]["words"].split()) | words.GLUE
    return Lexicon(
        {word: frozenset(held) for word, held in groups.items()},
        phrases,
        {word: tuple(meant) for word, meant in short.items()},
        weak,
    )


@lru_cache(maxsize=16384)
def read(header: str) -> tuple[str, ...]:
    """The words of a header: units, digits that only count and punctuation apart, phrases as one word."""
    held = names.read(header)
    said = _joined(tuple(part for word in (*held.words, *held.units) for part in _apart(word)))
    return said or (header.strip()[:_MOST] or "?",)


def _apart(word: str) -> Sequence[str]:
    """Letters and digits of a word apart where letters come first and are many: "stage2" but not "p53"."""
    found = re.fullmatch(r"([^\W\d_]{4,})(\d+)", word)
    return found.groups() if found else (word,)


def _joined(parts: tuple[str, ...]) -> tuple[str, ...]:
    known = lexicon().phrases
    said: list[str] = []
    place = 0
    while place < len(parts):
        size = next((size for size in (3, 2, 1) if parts[place : place + size] in known), 0)
        said.append(known[parts[place : place + size]] if size else parts[place])
        place += size or 1
    return tuple(said)


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its usual English endings: "positive" and "positives" are one."""
    return _ENDING.sub("", word) if len(word) > 4 and word.isascii() else word  # noqa: PLR2004


@lru_cache(maxsize=1 << 18)
def alike(one: str, other: str) -> float:
    """How alike two words of headers are, 0 to 1; the same in both directions."""
    if one == other:
        return 1.0
    if one > other:
        one, other = other, one
    if stem(one) == stem(other):
        return 0.95
    known = lexicon().groups
    best = _SYNONYM if known.get(one, frozenset()) & known.get(other, frozenset()) else 0.0
    small, big = sorted((one, other), key=len)
    if len(small) >= 3 and big.startswith(small) and not small.isdigit():  # noqa: PLR2004
        best = max(best, 0.6 + 0.35 * len(small) / len(big))
    if len(small) >= _LONG:
        likeness = fuzz.ratio(one, other)
        if likeness >= _SPELLING:
            best = max(best, likeness / 100 - 0.05)
        shared = _shared_start(one, other)
        if shared >= _LONG:
            best = max(best, 0.5 + 0.4 * shared / len(big))
    return best


def _shared_start(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
