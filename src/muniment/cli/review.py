"""`muniment review`: what waits for a person, one at a time, with the evidence beside it and single keys.

Called by `app`. Every answer is carried out at once, so leaving loses nothing and coming back goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from muniment.base.errors import MunimentError
from muniment.cli import keyboard, screen

if TYPE_CHECKING:
    from muniment import estate, flows, graph, mapping, register

_HELP = (
    ("a", "accept: what is proposed for the column; the conflict as it is"),
    ("r", "reject: the column means something else; none of the values is right"),
    ("1-9", "take this one of the list"),
    ("e", "type another: an attribute for the column, a value for the asset"),
    ("s", "skip: it comes again next time"),
    ("u", "undo your last answer and go back to it"),
    ("q", "quit; `muniment review` goes on later"),
    ("?", "this help"),
)
_MOST_SHOWN = 9


def review(
    mappings: Annotated[bool, typer.Option("--mappings", help="Only columns.")] = False,
    conflicts: Annotated[bool, typer.Option("--conflicts", help="Only conflicts.")] = False,
) -> None:
    """Go through what waits for your word, one at a time: columns and conflicts, the most important first.

    Keys: a accept, r reject, 1-9 choose, e type another, s skip, u undo, q quit, ? help. Every answer counts at once
    and can be undone; quit when you like, and go on later.

    Example: muniment review --conflicts
    """
    keyboard.check()
    both = mappings == conflicts
    with screen.open_estate() as opened:
        found = opened.waiting(mappings=both or mappings, conflicts=both or conflicts)
        held = len(opened.held())
        if not found:
            screen.say("nothing waits for your word")
        else:
            with keyboard.single_keys():
                _Session(opened, found).run()
        if held:
            screen.say(f"{held} import(s) wait too: `muniment imports held`")


def _say(text: str, style: str = "") -> None:
    """Print a sentence, broken at the width of the terminal."""
    from rich.text import Text

    screen.console().print(Text(text, style=style))


class _Session:
    """One sitting: what waits, where we are, what was answered."""

    def __init__(self, opened: estate.Estate, found: list[graph.Waiting]) -> None:
        self.estate = opened
        self.found = found
        self.place = 0
        self.answered: list[tuple[int, UUID]] = []
        self.skipped = 0

    def run(self) -> None:
        """Until the end, or until the person quits."""
        try:
            while self.place < len(self.found):
                item = self.estate.still_waits(self.found[self.place])
                if item is None:
                    self.place += 1
                elif not self._ask(item):
                    break
        except KeyboardInterrupt:
            _say("")
        left = len(self.found) - self.place
        more = f", {self.skipped} skipped" if self.skipped else ""
        rest = f"; {left} left: `muniment review` goes on" if left else ""
        _say(f"{len(self.answered)} answered{more}{rest}. `muniment undo --list` shows what you said.")

    def _ask(self, item: graph.Waiting) -> bool:
        """Show one and carry out the answer; False to quit."""
        question = _question(self.estate, item)
        _say(f"\n{self.place + 1} of {len(self.found)} · {item.severity} · {question.title}", "bold")
        question.show()
        _keys(len(question.choices))
        while True:
            pressed = keyboard.key()
            if pressed == "q":
                return False
            if pressed == "?":
                for sign, meaning in _HELP:
                    _say(f"  {sign:<4} {meaning}")
            elif pressed == "s":
                self.skipped += 1
                self.place += 1
                return True
            elif pressed == "u":
                if self._undo():
                    return True
            elif self._answer(question, pressed):
                return True

    def _undo(self) -> bool:
        if not self.answered:
            _say("nothing was answered in this sitting: `muniment undo --list` shows what was before")
            return False
        place, act = self.answered.pop()
        with screen.progress(show=True) as progress:
            self.estate.undo(act, progress=progress)
        _say("undone", "yellow")
        self.place = place
        return True

    def _answer(self, question: _Question, pressed: str) -> bool:
        """Carry out an answer; False where the key is none, or it was refused (then the person is told)."""
        try:
            if pressed == "a":
                said, changed = question.accept()
            elif pressed == "r":
                said, changed = question.reject()
            elif pressed == "e":
                typed = keyboard.line(question.prompt)
                if not typed:
                    return False
                said, changed = question.take(typed)
            elif pressed.isdigit() and 0 < int(pressed) <= len(question.choices):
                said, changed = question.take(question.choices[int(pressed) - 1])
            else:
                return False
        except MunimentError as error:
            screen.error(str(error))
            return False
        _say(f"  {said}{f' (act {screen.short(changed.act)})' if changed.act else ''}", "green")
        if changed.act:
            self.answered.append((self.place, changed.act))
        self.place += 1
        return True


def _keys(choices: int) -> None:
    numbers = f"  1{f'-{choices}' if choices > 1 else ''} choose" if choices else ""
    _say(f"a accept  r reject{numbers}  e type another  s skip  u undo  q quit  ? help", "dim")


class _Question:
    """What is asked of one thing: a title, evidence, choices by number, and what each answer does."""

    title: str
    prompt: str
    choices: list[str]
    show: Callable[[], None]
    accept: Callable[[], tuple[str, flows.Changed]]
    reject: Callable[[], tuple[str, flows.Changed]]
    take: Callable[[str], tuple[str, flows.Changed]]


def _question(opened: estate.Estate, item: graph.Waiting) -> _Question:
    from muniment import mapping

    if isinstance(item.subject, mapping.ColumnMapping):
        return _OfColumn(opened, item, item.subject)
    return _OfConflict(opened, item, item.subject)


class _OfColumn(_Question):
    """What does this column mean?"""

    prompt = "attribute: "

    def __init__(self, opened: estate.Estate, item: graph.Waiting, column: mapping.ColumnMapping) -> None:
        self.estate = opened
        self.item = item
        self.column = column
        self.name = screen.clean(column.column)
        self.title = f"column {self.name!r} of {screen.clean(item.where)}, {item.depends:,} rows"
        offered = [(column.attribute or "", column.probability)]
        if column.runner_up:
            offered.append((column.runner_up["attribute"], column.runner_up["probability"]))
        self.offered = offered
        self.choices = [attribute for attribute, _ in offered]
        self.show = self._show
        self.accept = self._accept
        self.reject = self._reject
        self.take = self._take

    def _show(self) -> None:
        known = self.estate.attributes()
        _say(f"  samples: {screen.words(self.column.samples[:8], 300) or 'none'}")
        for reason in self.column.reasons[:4]:
            _say(f"  because {screen.clean(reason, 200)}")
        rows = [
            [str(number), attribute, known[attribute].label if attribute in known else "", f"{probability:.2f}"]
            for number, (attribute, probability) in enumerate(self.offered, start=1)
        ]
        screen.table("It may mean", ["", "attribute", "label", ">probability"], rows)

    def _accept(self) -> tuple[str, flows.Changed]:
        from muniment import flows

        with screen.progress(show=True) as progress:
            changed = flows.accept_mapping(self.estate.home, [self.column], progress)
        return f"{self.name} means {self.column.attribute}", changed

    def _reject(self) -> tuple[str, flows.Changed]:
        from muniment import flows

        with screen.progress(show=True) as progress:
            changed = flows.reject_mapping(self.estate.home, [self.column], "", progress)
        return f"{self.name} does not mean {self.column.attribute}", changed

    def _take(self, attribute: str) -> tuple[str, flows.Changed]:
        from muniment import flows, mapping

        if attribute == self.column.attribute:
            return self._accept()
        with screen.progress(show=True) as progress:
            changed = flows.set_mapping(
                self.estate.home, [self.column], mapping.Meaning(attribute.lower()), progress=progress
            )  # fmt: skip
        return f"{self.name} means {attribute}", changed


class _OfConflict(_Question):
    """Which value is right?"""

    prompt = "value: "

    def __init__(self, opened: estate.Estate, item: graph.Waiting, conflict: register.Conflict) -> None:
        self.estate = opened
        self.item = item
        self.conflict = conflict
        self.name = screen.clean(conflict.asset)
        self.attribute = conflict.attribute
        named = f", {item.depends:,} depend(s) on it" if item.depends else ""
        self.title = f"{self.attribute} of {self.name}{named}"
        self.claims = conflict.claims[:_MOST_SHOWN]
        self.choices = [_as_typed(claim["value"]) for claim in self.claims]
        self.show = self._show
        self.accept = self._accept
        self.reject = self._reject
        self.take = self._take

    def _show(self) -> None:
        _say(f"  {screen.clean(self.conflict.hint, 300)}")
        rows = [
            [
                str(number),
                screen.words(claim["value"]),
                f"{claim['confidence']:.2f}" if claim.get("confidence") is not None else "",
                screen.words(claim["sources"]),
                screen.clean(f"until {claim['until']}" if claim.get("until") else str(claim.get("seen") or "")),
            ]
            for number, claim in enumerate(self.claims, start=1)
        ]
        screen.table("The sources say", ["", "value", ">confidence", "sources", "seen"], rows)

    def _accept(self) -> tuple[str, flows.Changed]:
        with screen.progress(show=True) as progress:
            changed = self.estate.accept(self.conflict.asset_id, self.attribute, progress=progress)
        return f"the conflict about {self.attribute} of {self.name} stays as it is", changed

    def _reject(self) -> tuple[str, flows.Changed]:
        with screen.progress(show=True) as progress:
            changed = self.estate.edit(self.conflict.asset_id, {}, [self.attribute], progress=progress)
        return f"none is right: {self.attribute} of {self.name} has no value", changed

    def _take(self, value: str) -> tuple[str, flows.Changed]:
        with screen.progress(show=True) as progress:
            changed = self.estate.resolve(self.conflict.asset_id, self.attribute, value, progress=progress)
        return f"{self.attribute} of {self.name} is {screen.clean(value)}", changed


def _as_typed(value: Any) -> str:
    """A value as a cell would say it."""
    if isinstance(value, list):
        return ", ".join(_as_typed(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
