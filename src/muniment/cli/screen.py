"""What every command shares: opening the home, tables and JSON on the screen, live progress.

Text from sources is hostile: it is never read as markup, and control characters are shown, not obeyed.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from muniment.base import settings

if TYPE_CHECKING:
    from uuid import UUID

    import sqlalchemy as sa

    from muniment import estate, flows, graph, register
    from muniment.base.home import Home

overrides: dict[str, Any] = {}
"""Settings given as global options, which win over environment and file."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON of the documented shape.")]
AssetName = Annotated[
    str, typer.Argument(metavar="ASSET", help="Name, id, end of an id, or any exact value such as a serial.")
]

_PIPE_WIDTH = 160
_SHOWN = 60
_BANDS = ((0.95, "●"), (0.85, "◕"), (0.7, "◑"), (0.5, "◔"), (0.0, "○"))


class _Terminal(Console):
    """A console that leaves the end of a pipe to `app`, which knows the exit code."""

    def on_broken_pipe(self) -> None:
        """Nobody reads on, as under `| head`."""
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """The terminal, or a wide one where the output goes into a pipe."""
    stream = sys.stderr if stderr else sys.stdout
    return _Terminal(
        stderr=stderr, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False, markup=False,
        soft_wrap=False,
    )  # fmt: skip


def open_estate(*, create: bool = False, **more: Any) -> "estate.Estate":
    """Open the register that options, environment and file name.

    Args:
        create: make a tenant or engagement that does not exist (importing does); else that is an error.
        more: settings that win over all others.
    """
    from muniment import estate as front

    return front.open_with(configuration(**more), create=create)


def configuration(**more: Any) -> settings.Settings:
    """The settings in force: options, then environment, then file."""
    given = [*overrides.items(), *more.items()]  # an option that was not given hides no other
    return settings.load({key: value for key, value in given if value is not None})


def open_home(**more: Any) -> "Home":
    """Open the home that options, environment and file name."""
    from muniment.base import home

    return home.open_home(configuration(**more), create=False)


def error(message: str) -> None:
    """Say what went wrong, on standard error."""
    console(stderr=True).print(Text("error: ", style="bold red") + Text(clean(message, limit=4_000)), soft_wrap=True)


def clean(value: Any, limit: int = _SHOWN) -> str:
    """A text safe for a terminal: control characters shown as escapes, cut at `limit`."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    shown = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _obeyed_by_none(text: str) -> str:
    """The last guard before the terminal, whoever forgot to clean: only the end of a line is obeyed."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\xa0" else clean(char) for char in text)


def words(value: Any, limit: int = _SHOWN) -> str:
    """A value as people read it: lists by commas, booleans as yes and no."""
    if isinstance(value, list | tuple):
        return clean(", ".join(words(item, limit) for item in value), limit)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return clean(value if isinstance(value, str) else f"{value}", limit)


def confidence(share: float) -> str:
    """Confidence as glyph, number and word."""
    glyph = next(sign for limit, sign in _BANDS if share >= limit)
    word = "sure" if share >= 0.95 else "likely" if share >= 0.7 else "doubtful"  # noqa: PLR2004 - bands
    return f"{glyph} {share:.2f} {word}"


def counted(count: int, noun: str) -> str:
    """A count with its noun: "1 column", "1,204 columns"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def share(told: "graph.Claim | register.Reliability") -> str:
    """How often a source is right: learned, with the 95 % interval and from how many claims; or expected."""
    if told.interval is None:
        return f"{told.share_right:.0%} (expected, nothing learned)"
    low, high = told.interval
    return f"{told.share_right:.0%} ({low:.0%} to {high:.0%}, n = {told.learned_from:,})"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, note: str = "") -> None:
    """Print a table, or that there is nothing and what to do about it."""
    out = console()
    if not rows:
        out.print(Text(_obeyed_by_none(f"{title}: none. {note}".strip())), soft_wrap=True)
        return
    grid = Table(
        title=Text(_obeyed_by_none(title), style="bold"),
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for column in columns:
        right = column.startswith(">")
        grid.add_column(
            column.removeprefix(">"),
            justify="right" if right else "left",
            overflow="fold",
            header_style="bold",
        )
    for row in rows:
        grid.add_row(*(Text(_obeyed_by_none(cell) if isinstance(cell, str) else words(cell)) for cell in row))
    out.print(grid)
    if note:
        out.print(Text(_obeyed_by_none(note)), soft_wrap=True)


def say(text: str, style: str = "") -> None:
    """Print a sentence."""
    console().print(Text(_obeyed_by_none(text), style=style), soft_wrap=True)


def dump(value: Any) -> None:
    """Print JSON; dataclasses become objects, times ISO 8601, ids text."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2, default=str))


def plain(value: Any) -> Any:
    """Dataclasses, tuples and times as plain JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def find_asset(connection: "sa.Connection", home: "Home", text: str) -> "register.Asset":
    """The one asset that a person means.

    Raises:
        NotFound: nothing is called so.
        Rejected: several are; the message lists them with their ids.
    """
    from muniment import estate as front

    return front.find_asset(connection, home.scope, text)


def short(identifier: "UUID") -> str:
    """The end of an id, as the tables show it and the commands take it."""
    from muniment.base import ids

    return ids.short(identifier)


_PHASES = {
    "read": "Reading",
    "map": "Mapping columns",
    "derive": "Normalising",
    "identify": "Finding who is who",
    "reconcile": "Reconciling values",
    "publish": "Finishing",
    "embed": "Making vectors",
}


@contextmanager
def progress(*, show: bool) -> Iterator["flows.Progress"]:
    """Live progress on standard error: phase, rows, rows a second, time left where it is known."""
    if not show or not sys.stderr.isatty():
        yield _plain_progress if show else _silent
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.fields[count]}"),
        TimeRemainingColumn(), console=console(stderr=True), transient=True,
    )  # fmt: skip
    task = bar.add_task("Starting", total=None, count="")
    began = time.monotonic()

    def tell(phase: str, done: int, total: int | None, what: str = "") -> None:
        if phase == "waiting":
            bar.update(task, description=f"Waiting for {clean(what, 200)}", count="")
            return
        rate = done / max(time.monotonic() - began, 0.001)
        of = f" of {total:,}" if total else ""
        count = f"{done:,}{of}  {rate:,.0f}/s" if done else ""
        bar.update(
            task,
            description=f"{_PHASES.get(phase, phase)} {clean(what)}",
            completed=done,
            total=total,
            count=count,
        )

    with bar:
        yield tell


def _silent(phase: str, done: int, total: int | None, what: str = "") -> None:
    """Where JSON is asked for, only a wait is worth a line."""
    if phase == "waiting":
        _plain_progress(phase, done, total, what)


_told: list[str] = []


def _plain_progress(phase: str, done: int, total: int | None, what: str = "") -> None:
    """Without a terminal: one line when a phase begins."""
    del done, total
    line = f"waiting for {what}" if phase == "waiting" else _PHASES.get(phase, phase).lower()
    if _told[-1:] != [line]:
        _told.append(line)
        typer.echo(f"... {clean(line, 200)}", err=True)
