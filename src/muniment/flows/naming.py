"""What a source of an unknown layout is called: by its file, else its tab, and by a few signs of the layout's digest.

Called by `deliver`. The signs keep two layouts apart whatever their files are called, so that the name does not
depend on which came first; how a layout is found again under another name is decided there.
"""

import re
from collections.abc import Collection

from muniment.flows.gather import EXPORTS

_SIGNS = 4
"""Hexadecimal digits of the layout in a name; more where they are taken."""
_LONGEST = 40
_WORDS = re.compile(r"[^\W_]+")
_OF_NO_MEANING = re.compile(
    r"\d+|v\d+|[0-9a-f]{16,}|\d{4,}[tz]?\d*z?|(?:copy|kopie|copie|final|new|old|latest|of|the|export|exports|exported|"
    r"import|report|data|daten|dump|download|file|book|mappe|classeur|sheet|tabelle|feuille|table|untitled|stream|tmp|"
    r"temp|output|result|results|list|liste|csv|xlsx?)\d*"
)


def source_name(file: str, tab: str, kind: str, layout: str, taken: Collection[str]) -> str:
    """Call a source by what its file or tab is called, else by its kind: "hosts_2026-06.csv" is "hosts-cb3c".

    Args:
        file: as delivered, maybe a member of an archive.
        tab: of a workbook, "" for none.
        kind: for files and tabs whose names say nothing.
        layout: the digest of its columns, hexadecimal.
        taken: names of other sources.
    """
    said = _cleaned(_stem(file)) or _cleaned(tab) or kind
    found = (f"{said}-{layout[:signs]}" for signs in range(_SIGNS, len(layout) + 1))
    return next((name for name in found if name not in taken), f"{said}-{layout}")


def is_of(name: str, layout: str) -> bool:
    """Whether a source got its name from that layout, and not from a person."""
    signs = name.rpartition("-")[2]
    return len(signs) >= _SIGNS and layout.startswith(signs)


def _stem(file: str) -> str:
    name = file.rpartition("!")[2].rpartition("/")[2].lower()
    while (ending := next((one for one in EXPORTS if name.endswith(one)), None)) is not None:
        name = name.removesuffix(ending)
    return name


def _cleaned(text: str) -> str:
    words = [word for word in _WORDS.findall(text.lower()) if not _OF_NO_MEANING.fullmatch(word)]
    whole = "-".join(re.sub(r"(?<=\D)\d{4,}$", "", word) for word in words)
    return whole[:_LONGEST].strip("-")
