"""Writes docs/formats.md: what each file of a folder of exports gives, imported alone into a home of its own.

Run by hand where the exports are (`python tools/formats.py ../shared/data/inventories`); not part of the
generated docs, which need no data. Prints the same as TOML for the test with `--toml`.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import muniment
from muniment.base.errors import Rejected

_PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
_TOGETHER = ("ansible_facts",)
"""Folders whose files are one delivery: a host each."""
_HEAD = """# What files give

What real exports give when each is imported alone, without a click: written by `tools/formats.py` from imports
of the third-party files that the benchmarks use. Rows of tabs that are joined to others are counted too; columns are
those applied without a person's word.

| file | kind | rows | records | assets | columns | rejects | remark |
|---|---|--:|--:|---|--:|--:|---|
"""


def deliveries(root: Path) -> list[tuple[str, list[Path]]]:
    """Each file, or folder of one delivery, with its paths; notes on where files come from are left out."""
    found = [(name, sorted((root / name).glob("[!.]*.json"))) for name in _TOGETHER if (root / name).is_dir()]
    single = [
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "SOURCE.txt" and (path.parent.name not in _TOGETHER or path.name[0] == ".")
    ]
    return found + [(str(path.relative_to(root)), [path]) for path in single]


def given(home: Path, number: int, paths: list[Path]) -> dict[str, Any]:
    """What a delivery gives."""
    with muniment.open(home, engagement=f"file {number}", tenant=f"file {number}") as estate:
        try:
            done = estate.import_files(*paths)
        except Rejected as error:
            return {"refused": str(error)}
        counts = [done.rows_read, done.records_new, done.rows_rejected, done.columns_mapped]
        skipped = sorted({entry["reason"] for entry in done.files if entry["status"] == "skipped"})
        return {
            "kinds": sorted({entry["kind"] for entry in done.files if entry["status"] == "read"}),
            **dict(zip(("rows", "records", "rejects", "mapped"), counts, strict=True)),
            "assets": done.assets,
            "remark": "; ".join(f"skipped: {reason}" for reason in skipped)
            or ("" if done.assets else "nothing in it names a thing"),
        }


def line(name: str, found: dict[str, Any]) -> str:
    """A row of the table."""
    if "refused" in found:
        file = Path(name).name
        reason = found["refused"].removeprefix("nothing could be read: ").removeprefix(f"{file}: ")
        return f"| {name} | | | | | | | refused: {reason.removeprefix(f'{file} ')} |"
    assets = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in found["assets"].items())
    numbers = (found["records"], assets, found["mapped"], found["rejects"], found["remark"])
    return f"| {name} | {', '.join(found['kinds'])} | {found['rows']} | " + " | ".join(map(str, numbers)) + " |"


def toml(name: str, found: dict[str, Any]) -> str:
    """An entry of tests/flows/inventories.toml."""
    if "refused" in found:
        return f'["{name}"]\nrefused = {found["refused"]!r}\n'
    kinds = ", ".join(f'"{kind}"' for kind in found["kinds"])
    assets = ", ".join(f"{kind} = {count}" for kind, count in found["assets"].items())
    numbers = "".join(f"{key} = {found[key]}\n" for key in ("rows", "rejects", "records", "mapped"))
    return f'["{name}"]\nkinds = [{kinds}]\n{numbers}assets = {{ {assets} }}\n'.replace("{  }", "{}")


def main() -> None:
    """Import everything and write the page, or print the TOML."""
    root = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        results = []
        for number, (name, paths) in enumerate(deliveries(root)):
            results.append((name, given(Path(folder) / "home", number, paths)))
            print(line(*results[-1]), file=sys.stderr)
    if "--toml" in sys.argv:
        print("\n".join(toml(*result) for result in results))
    _PAGE.write_text(_HEAD + "".join(f"{line(*result)}\n" for result in results), encoding="utf-8")


if __name__ == "__main__":
    main()
