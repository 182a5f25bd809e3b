"""Policies as people change them: write a draft, see what it would do, put it in force, take it back.

Called by the doors. A draft decides nothing; `apply_policy` is one act that folds the whole register by it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from muniment import evidence, mapping, memory, register
from muniment.base import events, ids, jobs
from muniment.base.engine import Engine
from muniment.base.errors import NotFound, Rejected
from muniment.base.home import Home
from muniment.flows.change import Changed, carry_out
from muniment.flows.progress import Progress, quiet

ENGAGEMENT = "engagement"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A version of a policy that waits to be applied, and what it says otherwise than the one in force."""

    draft: register.Layer
    changes: tuple[str, ...]


def draft_policy(home: Home, document: Mapping[str, Any], reason: str = "", owner: str = ENGAGEMENT) -> Drafted:
    """Write a whole policy as the next draft.

    Raises:
        Rejected: it is no policy, or it says what the newest version says.
    """
    return _draft(home, owner, reason, lambda _: document)


def draft_rule(home: Home, rule: Mapping[str, Any], reason: str = "", owner: str = ENGAGEMENT) -> Drafted:
    """Write the newest version with one rule more, in the place of one about the same, as the next draft.

    Raises:
        Rejected: the rule is not possible.
    """
    place = ("attribute", "group", "type", "effective_from")

    def with_rule(rules: list[dict[str, Any]]) -> dict[str, Any]:
        others = [one for one in rules if any(one.get(name) != rule.get(name) for name in place)]
        return {"rules": [*others, rule]}

    return _draft(home, owner, reason, with_rule)


def drop_rules(home: Home, about: Mapping[str, Any], reason: str = "", owner: str = ENGAGEMENT) -> Drafted:
    """Write the newest version without its rules about an attribute or group, of a type or of all.

    Raises:
        NotFound: there is no such rule.
    """

    def without(rules: list[dict[str, Any]]) -> dict[str, Any]:
        kept = [
            one for one in rules if any(one.get(name) != about.get(name) for name in ("attribute", "group", "type"))
        ]
        if len(kept) == len(rules):
            what = about.get("attribute") or about.get("group")
            raise NotFound(f"the {owner}'s policy has no rule for {what}: `muniment policy show` lists them")
        return {"rules": kept}

    return _draft(home, owner, reason, without)


def discard_draft(home: Home, reason: str = "", owner: str = ENGAGEMENT) -> Drafted:
    """Write what is in force as the next draft, so that nothing waits any more.

    Raises:
        Rejected: nothing does.
    """
    with home.scope.transaction() as connection:
        in_force = register.policy_in_force(connection, home.scope, owner)
    return draft_policy(home, {"rules": [rule.document() for rule in in_force.rules]}, reason, owner)


def _draft(home: Home, owner: str, reason: str, make: Callable[[list[dict[str, Any]]], Mapping[str, Any]]) -> Drafted:
    with jobs.writer(home.scope, "policy set", lambda _: None), home.scope.transaction() as connection:
        newest = register.policy_version(connection, home.scope, owner)
        sources = [source.name for source in evidence.list_sources(connection)]
        document = make([rule.document() for rule in newest.rules])
        rules = register.read_rules(document, mapping.attributes(connection), sources)
        if rules == newest.rules:
            raise Rejected(f"the {owner}'s policy says so already, in version {newest.version}")
        layer = register.add_policy(connection, home.scope, owner, rules, reason)
        events.append(
            connection,
            home.scope,
            "policy.drafted",
            {"owner": owner, "version": layer.version, "reason": reason},
            of_tenant=owner == "tenant",
        )
        in_force = register.policy_in_force(connection, home.scope, owner)
    return Drafted(layer, register.differences(in_force.rules, rules))


def apply_policy(
    home: Home,
    version: int | None = None,
    reason: str = "",
    owner: str = ENGAGEMENT,
    *,
    progress: Progress = quiet,
    dry_run: bool = False,
) -> Changed:
    """Put a version in force, the newest unless named, and fold the whole register by it, as one act.

    Without a version to apply, rules that have begun since the last fold are followed.

    Raises:
        NotFound: there is no such version.
        Rejected: the register is folded by it already.
    """
    with home.scope.transaction() as connection:
        layer = register.policy_version(connection, home.scope, owner, version)
        in_force = register.policy_in_force(connection, home.scope, owner)
        now, before = (
            look(connection, home.scope) for look in (register.policies_in_force, register.policies_followed)
        )
    new = layer.rules != in_force.rules
    if not new and now.rules == before.rules:
        raise Rejected(
            "there is no draft, and the register follows the policy in force: `muniment policy set` changes it"
        )

    def act(connection: sa.Connection, _: Engine) -> UUID | None:
        if not new:
            return None
        whose = "the tenant's policy" if owner == "tenant" else "policy"
        made = memory.add_act(
            connection, home.scope, "policy", f"applied version {layer.version} of {whose}", reason, act_id=ids.new()
        )
        register.enact(connection, home.scope, layer, made)
        return made

    payload = {"owner": owner, "version": layer.version, "reason": reason}
    return carry_out(home, "policy.applied", act, payload, progress, dry_run=dry_run)
