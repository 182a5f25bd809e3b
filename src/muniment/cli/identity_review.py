"""`muniment identity review`: doubtful pairs one at a time, both sides beside each other, answered by single keys.

Registers its command on the group of `identity`; called by `app`. Each verdict is kept at once; identity and register
are computed anew when the sitting ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from muniment.cli import identity_why, keyboard, screen

if TYPE_CHECKING:
    from muniment import estate as front
    from muniment import flows

identity = identity_why.identity
__all__ = ["identity"]

_KEYS = "s same  d different  u unsure  n skip  b back (undo)  q quit  ? help"
_VERDICTS: dict[str, flows.Verdict] = {"s": "same", "d": "different", "u": "unsure"}
_HELP = (
    ("s", "same: both records are one thing"),
    ("d", "different: they are two things"),
    ("u", "unsure: nobody can tell; it is not asked again"),
    ("n", "next: skip it; it comes again another time"),
    ("b", "back: undo your last answer and go back to it"),
    ("w", "why: the whole evidence"),
    ("q", "quit; what you said counts"),
)
_SCRIPTS = (
    "`muniment identity review` needs a terminal to read keys from; scripts use `muniment identity review --json`"
    " and `muniment identity judge`"
)


@identity.app.command("review")
def review(
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many questions.")] = 20,
    as_json: screen.Json = False,
) -> None:
    """Ask about the pairs of records whose verdict teaches most, one at a time, with both sides and the evidence.

    Keys: s same, d different, u unsure, n skip, b undo and go back, w why, q quit. Every answer is kept at once; the
    register is computed anew when you end. With --json the questions are only listed: answer them by
    `muniment identity judge`.

    Examples: muniment identity review   ·   muniment identity review --json --limit 5
    """
    if not as_json:
        keyboard.check(_SCRIPTS)
    with screen.open_estate() as opened:
        with screen.progress(show=not as_json):
            found = opened.identity_questions(limit)
        if as_json:
            screen.dump([identity_why.plain(one) for one in found])
        elif not found:
            screen.say("there is no pair to ask about: import more, or everything was answered")
        else:
            with keyboard.single_keys():
                _Sitting(opened, found).run()


class _Sitting:
    """One sitting: the questions, where we are, what was said."""

    def __init__(self, opened: front.Estate, found: list[flows.Question]) -> None:
        self.estate = opened
        self.found = found
        self.place = 0
        self.said: list[tuple[int, UUID, flows.Verdict]] = []

    def run(self) -> None:
        """Until the end, or until the person quits; then all that was said is carried out."""
        from muniment import flows

        try:
            while self.place < len(self.found) and self._ask(self.found[self.place]):
                while self.place < len(self.found) and not flows.still_open(self.found[self.place], self._verdicts()):
                    screen.say("the next follows from what you said")
                    self.place += 1
        except KeyboardInterrupt:
            screen.say("")
        finally:
            self._end()

    def _verdicts(self) -> list[tuple[UUID, UUID, str]]:
        return [(self.found[place].left.id, self.found[place].right.id, verdict) for place, _, verdict in self.said]

    def _end(self) -> None:
        from muniment import flows

        told = [act for _, act, verdict in self.said if verdict != "unsure"]
        if told:
            with screen.progress(show=True) as progress:
                changed = flows.apply_verdicts(self.estate.home, told, progress)
            screen.say(
                f"{len(told)} verdicts carried out: {changed.merged} merged, {changed.split} split,"
                f" {changed.updated} assets updated"
            )
        screen.say(f"{len(self.said)} answered; `muniment undo --list` shows what you said")

    def _ask(self, question: flows.Question) -> bool:
        """Show one and take the answer; False to quit."""
        _show(question, self.place + 1, len(self.found))
        while True:
            pressed = keyboard.key()
            if pressed == "q":
                return False
            if pressed in _VERDICTS:
                self._answer(question, _VERDICTS[pressed])
                return True
            if pressed == "n":
                self.place += 1
                return True
            if pressed == "b" and self._back():
                return True
            if pressed == "w":
                screen.say(question.waterfall.as_text(max(screen.console().width, 60)))
            if pressed == "?":
                for sign, meaning in _HELP:
                    screen.say(f"  {sign:<4} {meaning}")

    def _answer(self, question: flows.Question, verdict: flows.Verdict) -> None:
        from muniment import flows

        act = flows.note_verdict(self.estate.home, question.left.id, question.right.id, verdict, "said in review")
        self.said.append((self.place, act, verdict))
        self.place += 1
        screen.say(f"  {verdict} (act {screen.short(act)})", "green")

    def _back(self) -> bool:
        from muniment import flows

        if not self.said:
            screen.say("nothing was answered in this sitting: `muniment undo --list` shows what was before")
            return False
        self.place, act, _ = self.said.pop()
        flows.take_back_verdict(self.estate.home, act)
        screen.say("undone", "yellow")
        return True


def _show(question: flows.Question, number: int, count: int) -> None:
    now = "one thing" if question.together else "two things"
    screen.say(
        f"\n{number} of {count} · are these one thing? now {now}, probability {question.probability:.2f}", "bold"
    )
    screen.table(
        "",
        ["", screen.clean(str(question.left), 50), screen.clean(str(question.right), 50), ""],
        [
            [
                one.attribute.replace("_", " "),
                screen.clean(one.left, 50),
                screen.clean(one.right, 50),
                "" if one.agree is None else "same" if one.agree else "differ",
            ]
            for one in question.values
        ],
    )
    screen.say(screen.clean(question.waterfall.key, 200))
    if question.case:
        screen.say(f"{question.case.name}: {screen.clean(question.case.says, 400)}")
    screen.say(_KEYS, "dim")
