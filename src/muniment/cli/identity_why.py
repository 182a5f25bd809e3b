"""`muniment identity why` and `cases`: how an asset was linked, why two records are one thing or are not.

Registers its commands on the group of `identity`; called by `app`. Renders what the estate says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from muniment.base.errors import Rejected
from muniment.cli import identity, screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from muniment import flows, matching

__all__ = ["identity", "plain", "print_cases"]

_MOST_LINKS = 8


@identity.app.command("why")
def why(
    name: Annotated[str, typer.Argument(metavar="ASSET", help="An asset, or a record by its id or the end of it.")],
    other: Annotated[
        str | None, typer.Argument(metavar="[OTHER]", help="Another: why they are one thing, or are not.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Also write the evidence as a picture to this file.")] = None,
    as_json: screen.Json = False,
) -> None:
    """Explain identity: how an asset was linked, step by step; of two, why they are one thing or are not.

    The evidence is a sum of bits: each bit doubles the odds that two records are one thing.

    Examples: muniment identity why app01   ·   muniment identity why app01 web07 --svg why.svg
    """
    with screen.open_estate() as estate, screen.progress(show=not as_json):
        found: Any = estate.how_linked(name) if other is None else estate.why_linked(name, other)
    waterfalls = [one.waterfall for one in found.links if one.waterfall] if other is None else [found.waterfall]
    if svg is not None:
        _write(svg, waterfalls)
    if as_json:
        screen.dump(plain(found))
    elif other is None:
        _print_how(found)
    else:
        _print_why(found)


def _write(path: Path, waterfalls: Sequence[matching.Waterfall]) -> None:
    from muniment import matching

    if not waterfalls:
        raise Rejected("there is no picture to draw: one record alone was linked to nothing")
    try:
        path.write_text(matching.as_picture(waterfalls), encoding="utf-8")
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}") from error


def plain(value: Any) -> Any:
    """As JSON, waterfalls as they say themselves."""
    from dataclasses import fields, is_dataclass

    from muniment import matching

    if isinstance(value, matching.Waterfall):
        return value.as_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return screen.plain(value)


def _print_how(found: flows.HowLinked) -> None:
    screen.say(f"{screen.clean(found.name)} is made of {_counted(len(found.records), 'record')}", "bold")
    if found.key:
        screen.say(f"linked by {screen.clean(found.key, 200)}")
    screen.say("")
    for number, link in enumerate(found.links[:_MOST_LINKS], start=1):
        _print_link(f"{number}. ", link)
    if len(found.links) > _MOST_LINKS:
        screen.say(f"and {len(found.links) - _MOST_LINKS} more links: --json lists them\n")
    if not found.links:
        screen.say("It is one record alone: nothing was linked to it.\n" if len(found.records) == 1 else "")
    if found.not_followed:
        screen.say("Not followed", "bold")
        for link in found.not_followed[:_MOST_LINKS]:
            _print_link("- ", link)
    print_cases(found.cases)


def _print_link(mark: str, link: flows.Link) -> None:
    bits = f"{link.waterfall.total:+.1f} bits" if link.waterfall else "a person's word"
    sizes = f" ({link.joins[0]} + {link.joins[1]} records)" if max(link.joins) > 1 else ""
    screen.say(f"{mark}{screen.clean(str(link.left), 80)} and {screen.clean(str(link.right), 80)}: {bits}{sizes}")
    if link.reason != "linked":
        screen.say(f"   {screen.clean(link.words, 400)}")
    if link.waterfall:
        _print_waterfall(link.waterfall)
    screen.say("")


def _print_waterfall(waterfall: matching.Waterfall) -> None:
    for line in waterfall.as_text(max(screen.console().width - 3, 60)).splitlines():
        screen.say(f"   {line}")


def _print_why(found: flows.WhyLinked) -> None:
    screen.say(f"{screen.clean(str(found.left), 80)} and {screen.clean(str(found.right), 80)}", "bold")
    screen.say(screen.clean(found.verdict, 600))
    if found.compared > 1:
        screen.say(f"the closest of {found.compared:,} pairs of records")
    screen.say("")
    _print_waterfall(found.waterfall)
    if len(found.path) > 1:
        screen.say("\nLinked through", "bold")
        for number, link in enumerate(found.path, start=1):
            _print_link(f"{number}. ", link)
    if found.case:
        print_cases([found.case])


def print_cases(cases: Sequence[flows.CaseTold]) -> None:
    """Name the cases of IT that pairs are, each once with its sentence."""
    seen: dict[str, list[flows.CaseTold]] = {}
    for case in cases:
        seen.setdefault(case.key, []).append(case)
    for alike in seen.values():
        first = alike[0]
        more = f" (and {len(alike) - 1} more such pairs)" if len(alike) > 1 else ""
        screen.say(f"\n{first.name}: {_between(first)}{more}", "bold")
        screen.say(screen.clean(first.says, 600))
        screen.say(f"if that is wrong: {first.advice}" if first.means == "same" else f"what to do: {first.advice}")


def _between(case: flows.CaseTold) -> str:
    return f"{screen.clean(str(case.left), 80)} and {screen.clean(str(case.right), 80)}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


@identity.app.command("cases")
def cases(
    name: Annotated[str | None, typer.Argument(metavar="[ASSET]", help="Only of this asset.")] = None,
    case: Annotated[str | None, typer.Option(help="Only of this case, such as vm_clone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many pairs.")] = 50,
    as_json: screen.Json = False,
) -> None:
    """List what identity recognised: re-imaged hosts, re-used names, VM clones, replaced boards, moved cards.

    Examples: muniment identity cases   ·   muniment identity cases --case vm_clone --json
    """
    with screen.open_estate() as estate:
        found = estate.identity_cases(name, case=case, limit=limit + 1)
    shown = found[:limit]
    if as_json:
        screen.dump(shown)
        return
    screen.table(
        "Cases",
        ["case", "record", "and", "assets", "what is known"],
        [
            [
                one.name,
                screen.clean(str(one.left)),
                screen.clean(str(one.right)),
                screen.clean(
                    one.left.asset_name
                    if one.left.asset == one.right.asset
                    else f"{one.left.asset_name} / {one.right.asset_name}"
                ),
                screen.clean(one.says, 300),
            ]
            for one in shown
        ],
        note="More: raise --limit or name a --case." if len(found) > limit else "" if found else "None was recognised.",
    )
