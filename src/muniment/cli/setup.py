"""Commands about the ground: model, settings, stop.

Called by `app`; they show nothing secret and need no data.
"""

from typing import Annotated

import typer

from muniment.cli import screen


def model_(
    search: Annotated[str, typer.Argument(help="Words to look for in names, descriptions and synonyms.")] = "",
    group: Annotated[str | None, typer.Option(help="identity, hardware, software, placement, ...")] = None,
    as_json: screen.Json = False,
) -> None:
    """List the attributes of the model, also your own: type, unit, severity, meaning."""
    with screen.open_estate() as estate:
        known = estate.attributes()
    wanted = search.lower().split()
    found = [
        item
        for item in known.values()
        if (group is None or item.group == group)
        and all(word in " ".join([item.name, item.label, item.description, *item.synonyms]).lower() for word in wanted)
    ]
    if as_json:
        screen.dump([{**{k: v for k, v in screen.plain(item).items() if k != "spellings"}} for item in found])
        return
    screen.table(
        f"Attributes ({len(found)} of {len(known)})",
        ["name", "group", "type", "unit", "severity", "policy", "what it is"],
        [
            [
                item.name,
                item.group.replace("_", " "),
                item.type + (", many" if item.multi else ""),
                item.unit or "",
                item.severity,
                item.policy,
                screen.clean(item.description, 100),
            ]
            for item in found
        ],
        note="`muniment mappings set COLUMN NAME --new text` adds one of your own.",
    )


def settings_(as_json: screen.Json = False) -> None:
    """List every setting: value, where it comes from, what it does. Nothing secret is shown."""
    from muniment.base import settings

    loaded = screen.configuration()
    rows = [
        {
            "name": item.name,
            "variable": item.variable,
            "value": "(set)" if item.secret and loaded[item.name] else str(loaded[item.name]),
            "origin": loaded.origins[item.name],
            "description": item.description,
        }
        for item in settings.SETTINGS
    ]
    if as_json:
        screen.dump(rows)
        return
    screen.table(
        "Settings",
        ["name", "value", "from", "variable", "what it does"],
        [[r["name"], r["value"], r["origin"], r["variable"], r["description"]] for r in rows],
        note=f"Set one by its variable, or in {loaded.home / 'muniment.toml'}.",
    )


def stop(as_json: screen.Json = False) -> None:
    """Stop the embedded database of this home; the next command starts it again."""
    from muniment.base import embedded

    stopped = embedded.stop(screen.configuration().home)
    if as_json:
        screen.dump({"stopped": stopped})
    else:
        screen.say("stopped" if stopped else "it was not running")
