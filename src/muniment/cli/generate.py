"""The command that makes an example estate: generate.

Called by `app`; needs no home and no database.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muniment.base.errors import Rejected
from muniment.cli import screen

if TYPE_CHECKING:
    from muniment import generate as example


def generate(
    folder: Annotated[Path, typer.Argument(help="Where the exports go; the truth goes into `truth` in it.")],
    assets: Annotated[int, typer.Option(help="How many things of all kinds.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    sources: Annotated[
        str,
        typer.Option(
            help="Which exports, separated by commas: servicenow, rvtools, discovery, lifecycle, monitoring, cloud."
        ),
    ] = "servicenow,rvtools,discovery,lifecycle,monitoring",
    dirt: Annotated[str, typer.Option(help="How dirty: low, medium or high.")] = "medium",
    claims: Annotated[
        bool, typer.Option("--claims/--no-claims", help="Write truth/claims.csv too, by far the largest file.")
    ] = True,
    force: Annotated[bool, typer.Option("--force", help="Write into a folder that is not empty.")] = False,
    as_json: screen.Json = False,
) -> None:
    """Make an example estate: the conflicting exports of an invented company, and what is true about it.

    The exports look like those of real tools, with their units, gaps, age and errors; the truth beside
    them says who each row is about and what each value should be, for benchmarks. docs/estate.md says how.

    Examples: muniment generate estate/   ·   muniment generate bench/ --assets 10000 --seed 3 --dirt high
    """
    from muniment import generate as example

    level = next((one for one in example.LEVELS if one == dirt), None)
    if level is None:
        raise Rejected(f"There is no dirt level {dirt!r}: use --dirt {', '.join(example.LEVELS)}.")
    names = tuple(name.strip() for name in sources.split(",") if name.strip())
    spec = example.EstateSpec(assets, seed, names, level)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not force:
        raise Rejected(f"{folder} is not an empty folder: name another one, or write into it with --force.")
    try:
        summary = example.write_estate(spec, folder, claims=claims)
    except OSError as error:
        raise Rejected(f"{folder} cannot be written: {error.strerror}") from error
    if as_json:
        screen.dump({**screen.plain(summary), "ceiling": [one._asdict() for one in summary.ceiling],
                     "files": [one._asdict() for one in summary.files]})  # fmt: skip
        return
    _print(summary, folder)


def _print(summary: "example.Summary", folder: Path) -> None:
    screen.table(
        f"Written to {folder}",
        ["source", "file", ">tabs", ">rows", ">KB"],
        [[one.source, one.file, one.tabs, f"{one.rows:,}", f"{one.size / 1000:,.0f}"] for one in summary.files],
    )
    screen.table(
        "What could be known (the oracle ceiling), and what plain majority vote gets right",
        ["attribute", ">values", ">stated truly", ">contested", ">stated truly", ">majority right"],
        [
            [
                one.attribute or "(all)",
                f"{one.values:,}",
                _share(one.stated, one.values),
                f"{one.contested:,}" if one.contested else "",
                _share(one.contested_stated, one.contested),
                _share(one.majority, one.contested),
            ]
            for one in summary.ceiling
        ],
    )
    kinds = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in summary.types.items())
    screen.say(
        f"{summary.spec.assets:,} things ({kinds}), {summary.rows:,} rows, {summary.claims:,} claims; "
        f"{summary.unseen:,} things no source knows."
    )
    screen.say(f"Next: muniment import {folder}")


def _share(part: float, whole: float) -> str:
    """A share in per cent; nothing of nothing."""
    return f"{part / whole:.1%}" if whole else ""
