"""The match model in force and its versions: each was applied by a person, as an act that `undo` takes back.

`recompute` links by the one in force. A version is the act that applied it; nothing is kept twice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa

from muniment import memory
from muniment.base.tenancy import Scope

if TYPE_CHECKING:
    from muniment import matching

MODEL_ACT = "match model"
"""The kind of the acts that apply a match model."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A match model as a person applied it; version 0 is the shipped one.

    Attributes:
        version: counted from 1.
        model: what it says.
        reason, actor, at, act: who applied it, when, and as which act; of version 0 None.
        state: `in force`, `undone` or `past`.
    """

    version: int
    model: "matching.MatchModel"
    reason: str = ""
    actor: str = ""
    at: datetime | None = None
    act: UUID | None = None
    state: str = "past"


def model_versions(connection: sa.Connection, scope: Scope) -> list[ModelVersion]:
    """Every version, the newest first, the shipped one last."""
    from muniment import matching

    applied = [act for act in reversed(memory.list_acts(connection, scope)) if act.kind == MODEL_ACT]
    standing = [act.id for act in applied if act.undone_at is None]
    current = standing[-1] if standing else None
    found = [ModelVersion(0, matching.SHIPPED, state="past" if current else "in force")]
    for version, act in enumerate(applied, 1):
        state = "undone" if act.undone_at else "in force" if act.id == current else "past"
        model = matching.from_document(act.details["model"])
        found.append(ModelVersion(version, model, act.reason, act.actor, act.at, act.id, state))
    return found[::-1]


def model_in_force(connection: sa.Connection, scope: Scope) -> ModelVersion:
    """The version last applied and not undone; the shipped one where there is none."""
    return next(one for one in model_versions(connection, scope) if one.state == "in force")
