"""Verdicts of people on two records: the same thing, different things, or that they cannot tell.

Called by the doors for `identity judge` and `identity review`. A verdict is a judgement and an act of the log;
a sitting appends each at once and recomputes identity and register when it ends.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, identity, memory
from muniment.base.engine import Engine
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet

Verdict = Literal["same", "different", "unsure"]
Side = Sequence[UUID]
"""Records of one side: one record, or all of an asset."""

UNSURE = "unsure"
"""The kind of the act by which a person says that a pair cannot be told."""


def judge_pair(
    home: Home, left: Side, right: Side, verdict: Verdict, reason: str = "", progress: Progress = quiet,
    *, dry_run: bool = False,
) -> Changed:  # fmt: skip
    """Give a verdict on two sides, and all that follows from it."""
    payload = {"left": [str(one) for one in left], "right": [str(one) for one in right], "reason": reason}

    def act(connection: sa.Connection, _: Engine) -> UUID:
        return _append(connection, home, left, right, verdict, reason)

    return carry_out(home, f"identity.judged_{verdict}", act, payload, progress, dry_run=dry_run)


def note_verdict(home: Home, left: UUID, right: UUID, verdict: Verdict, reason: str = "") -> UUID:
    """Append a verdict on two records and change nothing yet: see `apply_verdicts`; returns the id of the act."""
    with home.scope.transaction() as connection:
        return _append(connection, home, [left], [right], verdict, reason)


def take_back_verdict(home: Home, act: UUID) -> memory.Act:
    """Take back a verdict that was only noted so far."""
    with home.scope.transaction() as connection:
        return memory.take_back(connection, home.scope, act, "taken back in review")


def apply_verdicts(home: Home, acts: Sequence[UUID], progress: Progress = quiet) -> Changed:
    """Recompute identity and register under the verdicts that were noted."""
    payload = {"verdicts": [str(one) for one in acts]}
    return carry_out(home, "identity.reviewed", lambda *_: None, payload, progress)


def _append(connection: sa.Connection, home: Home, left: Side, right: Side, verdict: Verdict, reason: str) -> UUID:
    """Append the judgement and the act.

    Raises:
        NotFound: a record is none of this engagement.
        Rejected: a record is on both sides, or "unsure" is said of more than two records.
    """
    names = " and ".join(_words(connection, side) for side in (left, right))
    if verdict != "unsure":
        made = identity.judge(connection, home.scope, left, right, reason, same=verdict == "same")
        what = f"judged {names} {'one thing' if verdict == 'same' else 'different things'}"
        return memory.add_act(connection, home.scope, "judgement", what, reason, act_id=made)
    if len(left) != 1 or len(right) != 1 or left[0] == right[0]:
        raise Rejected("`unsure` is said of two records: name one on each side")
    known = identity.references(connection, home.scope, [*left, *right])
    pair = [[str(known[one].source_id), known[one].key] for one in (left[0], right[0])]
    return memory.add_act(connection, home.scope, UNSURE, f"unsure about {names}", reason, details={"pair": pair})


def _words(connection: sa.Connection, side: Side) -> str:
    """What a side is called: a record as its source knows it; of several the first, and how many more."""
    sources = {source.id: source.name for source in evidence.list_sources(connection)}
    records = evidence.get_records(connection, list(side)[:1])
    if not records:
        return "a record that is not here"
    more = f" (and {len(side) - 1} more)" if len(side) > 1 else ""
    return f"{records[0].known_as} of {sources[records[0].source_id]}{more}"
