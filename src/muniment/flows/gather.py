"""Finds the files of a delivery: those given, and the exports in folders given, however deep.

Called by `import_batch` before anything is read. A link is never followed out of a folder, and what
is left out is said.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from muniment import mapping
from muniment.base.errors import Rejected

EXPORTS = (
    ".csv", ".tsv", ".txt", ".xlsx", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".parquet", ".arrow",
    ".arrows", ".feather", ".db", ".sqlite", ".sqlite3", ".gz", ".bz2", ".xz", ".zst", ".tgz", ".tar", ".zip",
)  # fmt: skip
"""Endings that are read in a folder; a file given by name is read whatever it is called."""

MARK = ".no-import"
"""A file of this name keeps its folder out of an import of the folders above."""

_FILES_LIMIT = 10_000
"""Files of one delivery; more are a disk given by mistake."""
_LEFT_SHOWN = 50
_DEPTH_LIMIT = 32


def files(paths: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[tuple[Path, str], ...]]:
    """The files to read (those given, and the exports in folders given, by name), and those left out.

    Raises:
        Rejected: a path does not exist, a folder has no export, or more than 10,000.
    """
    found: list[Path] = []
    left: list[tuple[Path, str]] = []
    for path in paths:
        if path.is_dir():
            inside = list(_inside(path, 0, left))
            if not inside:
                raise Rejected(f"{path} is a folder without exports ({', '.join(EXPORTS)}): name the files themselves")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            what = "is neither a file nor a folder" if path.exists() else "does not exist: check the spelling"
            raise Rejected(f"{path} {what}; give files or folders, or - for standard input")
        if len(found) > _FILES_LIMIT:
            raise Rejected(f"{path} holds more than {_FILES_LIMIT:,} exports: import its folders one by one")
    return tuple(dict.fromkeys(path.absolute() for path in found)), _shown(left)


def together(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Group files that are tabs of one export, by their names: RVTools_tabvInfo.csv and RVTools_tabvDisk.csv.

    Returns:
        the groups, most of them of one file, in the order of their first files.
    """
    groups: dict[tuple[str, ...], list[Path]] = {}
    for path in paths:
        groups.setdefault(_export_of(path) or (str(path),), []).append(path)
    return [tuple(sorted(group)) for group in groups.values()]


def _export_of(path: Path) -> tuple[str, ...]:
    """What tells the export that a file is a tab of: its folder, kind, name without the tab; () for other files."""
    name = path.name.lower()
    stem = name.partition(".")[0]
    for kind in mapping.kinds().values():
        joined = {one for tab, rule in kind.tabs.items() if rule.part_of for one in (tab, rule.part_of)}
        tab = max((one for one in joined if stem.endswith(one)), key=len, default="")
        if tab:
            return str(path.parent), kind.name, stem.removesuffix(tab), name.removeprefix(stem)
    return ()


def _inside(folder: Path, depth: int, left: list[tuple[Path, str]]) -> Iterator[Path]:
    """Give the exports of a folder in the order of their names, folders after files."""
    try:
        items = sorted(os.scandir(folder), key=lambda item: (item.is_dir(follow_symlinks=False), item.name))
    except OSError as error:
        left.append((folder, f"cannot be opened ({error.strerror}): check its permissions"))
        return
    for item in items:
        path = Path(item.path)
        if item.name.startswith("."):
            continue
        if item.is_symlink():
            left.append((path, "a link, which is not followed: give what it points to by name"))
        elif item.is_dir():
            if (path / MARK).exists():
                left.append((path, f"marked by a file {MARK}: give the folder by name to read it"))
            elif depth == _DEPTH_LIMIT:
                left.append((path, f"more than {_DEPTH_LIMIT} folders deep: give it by name"))
            else:
                yield from _inside(path, depth + 1, left)
        elif not item.is_file():
            left.append((path, "a device or pipe: save what it gives to a file"))
        elif path.suffix.lower() in EXPORTS:
            yield path
        else:
            left.append((path, "no export by its name: give it by name to read it"))


def _shown(left: list[tuple[Path, str]]) -> tuple[tuple[Path, str], ...]:
    more = len(left) - _LEFT_SHOWN
    if more <= 0:
        return tuple(left)
    last = left[_LEFT_SHOWN][0].parent
    return (*left[:_LEFT_SHOWN], (last, f"and {more:,} more files that are no exports by their names"))
