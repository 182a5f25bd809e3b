"""How people say which source decides about what: policies, drafted, tried, applied, taken back.

Part of `Estate`; a draft changes nothing until it is applied, and `undo` takes an application back exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from muniment import evidence, flows, mapping, model, register
from muniment.base.home import Home
from muniment.estate import find


@dataclass(frozen=True, slots=True)
class PolicyState:
    """What decides in a register.

    Attributes:
        in_force: the engagement's version and the tenant's, with rules that have yet to begin.
        drafts: versions that wait to be applied, with what they change.
        source_settings: attribute -> the sources whose settings say that they decide about it.
        followed: whether the register was folded by what holds today.
        unknown_sources: names in rules that no source has (any more).
    """

    in_force: tuple[register.Layer, ...]
    drafts: tuple[flows.Drafted, ...]
    source_settings: Mapping[str, tuple[str, ...]]
    followed: bool
    unknown_sources: tuple[str, ...]


class Governs:
    """Policies. `for_tenant` speaks of the tenant's, which engagements follow where they say nothing themselves."""

    home: Home

    def policy(self) -> PolicyState:
        """The policies in force, drafts that wait, and the settings of sources that say the same."""
        with self.home.scope.transaction() as connection:
            scope = self.home.scope
            layers = tuple(register.policy_in_force(connection, scope, owner) for owner in register.OWNERS)
            newest = [register.policy_version(connection, scope, owner) for owner in register.OWNERS]
            sources = evidence.list_sources(connection)
            now, before = register.policies_in_force(connection, scope), register.policies_followed(connection, scope)
        drafts = [
            flows.Drafted(draft, register.differences(layer.rules, draft.rules))
            for draft, layer in zip(newest, layers, strict=True)
            if draft.rules != layer.rules
        ]
        settings: dict[str, tuple[str, ...]] = {}
        for source in sources:
            for name in source.authoritative:
                settings[name] = (*settings.get(name, ()), source.name)
        named = {name for layer in (*layers, *newest) for rule in layer.rules for name in rule.sources}
        unknown = sorted(named - {source.name for source in sources})
        return PolicyState(layers, tuple(drafts), settings, now.rules == before.rules, tuple(unknown))

    def policy_of(self, attribute: str, type: str | None = None) -> register.Ruling:  # noqa: A002 - as users say it
        """What decides about an attribute, of assets of a type or of those without rules of their own.

        Raises:
            Rejected: there is no such attribute or type.
        """
        with self.home.scope.transaction() as connection:
            known = mapping.attributes(connection)
            name = find.attribute(known, attribute)
            said = [one.name for one in evidence.list_sources(connection) if name in one.authoritative]
            return register.policies_in_force(connection, self.home.scope).ruling(known[name], type, said)

    def set_policy(
        self,
        attribute: str | None,
        policy: model.Policy,
        sources: Sequence[str] = (),
        *,
        reason: str = "",
        for_tenant: bool = False,
        **more: Any,
    ) -> flows.Drafted:
        """Draft a rule: what decides about an attribute. `apply_policy` puts it in force.

        Args:
            attribute: of which attribute; None with `group`.
            policy: authoritative, newest, confidence, most_reported, union, minimum or maximum.
            sources: of authoritative, the first first.
            reason: why, for whoever reads it later.
            for_tenant: of the tenant's policy, which every engagement follows where it says nothing itself.
            more: group (of attributes), type (of assets), stale_after_days, effective_from (a day).

        Raises:
            Rejected: the rule is not possible; the message says what is.
        """
        begins = more.pop("effective_from", None)
        day = begins.isoformat() if isinstance(begins, date) else begins
        said = {"attribute": attribute, "policy": policy, "sources": list(sources), "effective_from": day, **more}
        rule = {name: value for name, value in said.items() if value not in (None, [])}
        return flows.draft_rule(self.home, rule, reason, _owner(for_tenant=for_tenant))

    def drop_policy(
        self,
        attribute: str | None = None,
        *,
        group: str | None = None,
        type: str | None = None,  # noqa: A002 - as users say it
        reason: str = "",
        for_tenant: bool = False,
    ) -> flows.Drafted:
        """Draft the policy without its rules about an attribute or group, of a type or of all.

        Raises:
            NotFound: there is no such rule.
        """
        about = {"attribute": attribute, "group": group, "type": type}
        return flows.drop_rules(self.home, about, reason, _owner(for_tenant=for_tenant))

    def import_policy(
        self, document: Mapping[str, Any], reason: str = "", *, for_tenant: bool = False
    ) -> flows.Drafted:
        """Draft a whole policy, as `policy_document` gives one.

        Raises:
            Rejected: it is none; the message names the rule.
        """
        return flows.draft_policy(self.home, document, reason, _owner(for_tenant=for_tenant))

    def discard_policy(self, *, for_tenant: bool = False) -> flows.Drafted:
        """Forget what was drafted: the next draft begins with what is in force.

        Raises:
            Rejected: nothing is drafted.
        """
        return flows.discard_draft(self.home, "discarded", _owner(for_tenant=for_tenant))

    def policy_document(self, version: int | None = None, *, for_tenant: bool = False) -> dict[str, Any]:
        """A version as JSON, the newest unless named.

        Raises:
            NotFound: there is no such version.
        """
        with self.home.scope.transaction() as connection:
            owner = _owner(for_tenant=for_tenant)
            layer = register.policy_version(connection, self.home.scope, owner, version)
        return {"rules": [rule.document() for rule in layer.rules]}

    def policy_history(self, *, for_tenant: bool = False) -> list[register.PolicyVersion]:
        """Every version, the newest first, and which is in force."""
        with self.home.scope.transaction() as connection:
            return register.policy_versions(connection, self.home.scope, _owner(for_tenant=for_tenant))

    def apply_policy(
        self,
        version: int | None = None,
        reason: str = "",
        *,
        for_tenant: bool = False,
        dry_run: bool = False,
        progress: flows.Progress = flows.quiet,
    ) -> flows.Changed:
        """Put the draft (or a version) in force and fold the whole register by it; `undo` takes it back.

        Args:
            version: any version; the newest where None.
            reason: why.
            for_tenant: the tenant's policy; its other engagements follow at their next change.
            dry_run: only say what would change: `difference` of what is returned.
            progress: called while the register is folded.

        Raises:
            NotFound: there is no such version.
            Rejected: there is nothing to apply.
        """
        owner = _owner(for_tenant=for_tenant)
        return flows.apply_policy(self.home, version, reason, owner, progress=progress, dry_run=dry_run)


def _owner(*, for_tenant: bool) -> str:
    return "tenant" if for_tenant else "engagement"
