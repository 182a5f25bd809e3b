"""The result of an import in numbers and sentences, as kept with the flow and shown by the doors.

Filled by the phases of `import_batch`, and by nobody else.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Summary:
    """What an import did. `files` has one entry per table of a file."""

    flow: str = ""
    mode: str = "initial"
    existing_assets: int = 0
    dry_run: bool = False
    files: list[dict[str, Any]] = field(default_factory=list)
    rows_read: int = 0
    rows_rejected: int = 0
    records_new: int = 0
    records_changed: int = 0
    records_unchanged: int = 0
    records_superseded: int = 0
    rows_merged: int = 0
    records_gone: int = 0
    records_silent: int = 0
    assets_created: int = 0
    assets_updated: int = 0
    assets_merged: int = 0
    assets_split: int = 0
    assets_retired: int = 0
    columns_mapped: int = 0
    columns_suggested: int = 0
    columns_unmapped: int = 0
    cells_not_understood: int = 0
    assets: dict[str, int] = field(default_factory=dict)
    conflicts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)

    def add(self, counts: Mapping[str, int]) -> None:
        """Count what one import gave."""
        self.records_new += counts.get("new", 0)
        self.records_changed += counts.get("changed", 0)
        self.records_unchanged += counts.get("unchanged", 0)
        self.records_superseded += counts.get("superseded", 0)
        self.rows_merged += counts.get("merged", 0)
        self.cells_not_understood += counts.get("problems", 0)

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Summary":
        """The summary as it was kept with a flow."""
        return cls(**(stored or {}))

    def advise(self) -> None:
        """Set what to do next, the most useful first."""
        steps = []
        if self.held:
            steps.append("`muniment imports held` shows what waits for your word, and what each word would do")
        if self.rows_rejected:
            steps.append(f"`muniment rejects` shows the {self.rows_rejected} rows or files that could not be read")
        for entry in self.files:
            steps += [f"the template {told} ({entry['file']})" for told in entry.get("no_longer_fits", ())]
        if self.alerts:
            steps.append(f"`muniment sources health` shows what wants a look: {self.alerts[0]}")
        if self.columns_suggested:
            waiting = (
                "a column that waits" if self.columns_suggested == 1 else f"{self.columns_suggested} columns that wait"
            )
            steps.append(f"`muniment mappings --waiting` shows {waiting} for your word")
        worst = next(iter(self.conflicts.items()), None)
        if worst is not None:
            steps.append(f"`muniment conflicts --severity {worst[0]}` shows the {worst[1]} that matter most")
        if self.assets:
            steps.append("`muniment assets` lists the register; `muniment why ASSET ATTRIBUTE` proves a value")
        elif not self.dry_run:
            steps.append("no asset came out: `muniment mappings` shows what the columns were taken for")
        self.next_steps = steps
