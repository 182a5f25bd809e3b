"""What a change would do to the register, as people read it: counts, by attribute, a sample.

Used by `diff`, and by every command with --dry-run that simulates a change.
"""

from typing import TYPE_CHECKING

from muniment.cli import screen

if TYPE_CHECKING:
    from muniment import register

_MANY = 12


def show(found: "register.Difference", what: str, *, past: bool = False) -> None:
    """Print what would change, or with `past` what has."""
    screen.say(what if past else f"Simulated, nothing kept: {what}", "bold")
    if found.empty:
        screen.say("  Nothing in the register differs." if past else "  Nothing in the register would change.")
        return
    counts = {
        "created": found.created,
        "removed": found.removed,
        "retired": found.retired,
        "revived": found.revived,
        "with other values": found.updated,
    }
    assets = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    screen.say(f"  Assets     {assets or 'none'}")
    if not past or found.conflicts_opened or found.conflicts_closed:
        screen.say(f"  Conflicts  {found.conflicts_opened:,} opened, {found.conflicts_closed:,} closed")
    if found.values:
        listed = [f"{name} {count:,}" for name, count in list(found.values.items())[:_MANY]]
        more = len(found.values) - len(listed)
        screen.say(f"  Values     {', '.join(listed)}" + (f" and {more} attributes more" if more > 0 else ""))
    if found.retiring:
        names = ", ".join(screen.clean(name) for name in found.retiring)
        more = found.retired - len(found.retiring)
        screen.say(f"  Retiring   {names}" + (f" and {more:,} more" if more > 0 else ""))
    if found.sample:
        screen.say("")
        screen.table(
            "For example",
            ["asset", "attribute", "before" if past else "now", "after" if past else "then"],
            [
                [
                    screen.clean(one.asset),
                    one.attribute,
                    "" if one.before is None else screen.words(one.before),
                    "" if one.after is None else screen.words(one.after),
                ]
                for one in found.sample
            ],
        )
