"""Write a migration from the difference between the tables declared and those migrated.

Run by a developer: `.venv/bin/python tools/migration.py "what changes"`; the file that comes out
is read and edited by hand (new tenant tables get their `schema.secure` statements by itself).
"""

import re
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

import muniment.evidence.tables
import muniment.identity.tables
import muniment.mapping.tables
import muniment.memory.tables
import muniment.register.tables  # noqa: F401 - all tables must be declared
from muniment.base import embedded, embeddings, events, jobs, schema  # noqa: F401 - the same


def main(message: str) -> None:
    """Start an empty server, migrate it as far as the files go, and render the difference."""
    with tempfile.TemporaryDirectory() as folder:
        address = embedded.ensure(Path(folder))
        try:
            engine = sa.create_engine(address.url(), poolclass=sa.NullPool)
            with engine.connect() as connection:
                number = _next()
                if number > 1:
                    schema.prepare(engine, lambda _: None)
                else:
                    connection.execute(sa.text("CREATE SCHEMA muniment"))
                connection.execute(sa.text("SET search_path = muniment, public"))
                config = Config()
                config.set_main_option("script_location", "muniment:migrations")
                config.attributes["connection"] = connection
                made = command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        finally:
            embedded.stop(Path(folder))
    path = Path(made.path)  # type: ignore[union-attr]
    text = path.read_text()
    for table in re.findall(r"op\.create_table\(\s*'(\w+)',\s*sa\.Column\('tenant_id'", text):
        text = text.rstrip() + f'\n    for statement in schema.secure("{table}"):\n        op.execute(statement)\n'
    path.write_text(text)
    print(path)


def _next() -> int:
    folder = Path(schema.__file__).parent.parent / "migrations" / "versions"
    return 1 + max((int(file.name.split("_")[0]) for file in folder.glob("[0-9]*.py")), default=0)


if __name__ == "__main__":
    main(sys.argv[1])
