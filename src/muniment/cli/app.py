"""The `muniment` command: its global options, its commands, and errors turned into exit codes.

Exit codes: 0 done; 1 the program failed; 2 the request is wrong; 3 not found; 4 the surroundings do
not allow it; 5 try again later; 130 interrupted.
"""

import os
import sys
from typing import Annotated

import typer

from muniment import __version__
from muniment.base.errors import MunimentError, Rejected
from muniment.cli import (
    add,
    change,
    conflicts,
    corrections,
    exports,
    generate,
    health,
    identity_review,
    impact,
    imports,
    keeping,
    look,
    mappings,
    match,
    policies,
    resolve,
    review,
    screen,
    set_aside,
    setup,
    similar,
    templates,
)

app = typer.Typer(
    name="muniment",
    help="One register from the conflicting inventories of an IT estate, with proof of every value.\n\n"
    "Begin with: muniment import FILE...   then: muniment assets, muniment show ASSET, "
    "muniment why ASSET ATTRIBUTE.\n\nExit codes: 0 done; 1 failed; 2 wrong request; 3 not found; "
    "4 not possible here; 5 try again later.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"muniment {__version__}")
        raise typer.Exit


@app.callback()
def options(
    home: Annotated[str | None, typer.Option(help="The home folder (else MUNIMENT_HOME, else ~/.muniment).")] = None,
    tenant: Annotated[str | None, typer.Option(help="The client account to work on.")] = None,
    engagement: Annotated[str | None, typer.Option(help="The piece of work within it.")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that hold for every command."""
    del version
    screen.overrides.update({"home": home, "tenant": tenant, "engagement": engagement})


_LOOK = "Look"
_CHANGE = "Change"
_SET_UP = "Set up"

app.command("import", rich_help_panel="Import")(imports.import_)
app.add_typer(set_aside.imports.app, name="imports", rich_help_panel="Import")
app.command("rejects", rich_help_panel="Import")(imports.rejects)
app.command("problems", rich_help_panel="Import")(imports.problems)
app.add_typer(mappings.app, name="mappings", rich_help_panel="Import")
app.add_typer(health.sources.app, name="sources", rich_help_panel="Import")
app.add_typer(templates.app, name="templates", rich_help_panel="Import")
app.command("assets", rich_help_panel=_LOOK)(look.assets)
app.command("show", rich_help_panel=_LOOK)(look.show)
app.command("why", rich_help_panel=_LOOK)(look.why)
app.command("similar", rich_help_panel=_LOOK)(similar.similar)
app.command("impact", rich_help_panel=_LOOK)(impact.impact)
app.command("history", rich_help_panel=_LOOK)(look.history)
app.command("diff", rich_help_panel=_LOOK)(look.diff)
app.add_typer(identity_review.identity.app, name="identity", rich_help_panel=_LOOK)
app.add_typer(conflicts.app, name="conflicts", rich_help_panel=_LOOK)
app.command("export", rich_help_panel=_LOOK)(exports.export)
app.command("report", rich_help_panel=_LOOK)(exports.report)
app.command("fingerprint", rich_help_panel=_LOOK)(exports.fingerprint)
app.command("resolve", rich_help_panel=_CHANGE)(resolve.resolve)
app.command("accept", rich_help_panel=_CHANGE)(resolve.accept)
app.command("edit", rich_help_panel=_CHANGE)(resolve.edit)
app.command("add", rich_help_panel=_CHANGE)(add.add)
app.command("review", rich_help_panel=_CHANGE)(review.review)
app.command("corrections", rich_help_panel=_CHANGE)(corrections.corrections)
app.command("tag", rich_help_panel=_CHANGE, context_settings={"ignore_unknown_options": True})(resolve.tag)
app.command("note", rich_help_panel=_CHANGE)(resolve.note)
app.add_typer(policies.app, name="policy", rich_help_panel=_CHANGE)
app.command("merge", rich_help_panel=_CHANGE)(change.merge)
app.command("split", rich_help_panel=_CHANGE)(change.split)
app.command("undo", rich_help_panel=_CHANGE)(change.undo)
app.add_typer(match.app, name="match", rich_help_panel=_LOOK)
app.command("model", rich_help_panel=_SET_UP)(setup.model_)
app.command("settings", rich_help_panel=_SET_UP)(setup.settings_)
app.add_typer(similar.app, name="embeddings", rich_help_panel=_SET_UP)
app.command("generate", rich_help_panel=_SET_UP)(generate.generate)
app.add_typer(keeping.app, name="home", rich_help_panel=_SET_UP)
app.command("move", rich_help_panel=_SET_UP)(keeping.move)
app.command("stop", rich_help_panel=_SET_UP)(setup.stop)


def _readable(arguments: list[str]) -> None:
    """Refuse bytes that are no text: no database, file of JSON or model takes them."""
    for argument in arguments:
        if not argument.isascii() and any("\ud800" <= char <= "\udfff" for char in argument):
            raise Rejected(
                f"{argument!r} is not UTF-8: rename the file, or set the terminal to UTF-8 and type it again"
            )


def main() -> None:
    """Run the command line; every error we know becomes a sentence and an exit code."""
    try:
        _readable(sys.argv[1:])
        app()
    except MunimentError as error:
        screen.error(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        screen.error("interrupted: an import goes on with `muniment imports resume` or the next import")
        sys.exit(130)
    except BrokenPipeError:  # as under `| head`: nothing is wrong, and nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
