"""The report for a client: one HTML page, or a workbook with the same numbers.

Called by the doors. Remembers when it was made, so that the next one can say what changed since.
"""

from datetime import datetime
from typing import BinaryIO

from muniment.base import clock, jobs
from muniment.base.errors import Rejected
from muniment.base.home import Home
from muniment.flows.report_contents import KIND, Report, assemble

REPORT_FORMATS = ("html", "xlsx")
"""What a report can be."""


def report(home: Home, out: BinaryIO, form: str = "html", since: datetime | None = None) -> Report:
    """Write the report to an open binary file, and remember that it was made.

    Args:
        home: whose register.
        out: where to.
        form: html or xlsx.
        since: compare with the register of that moment; else with the previous report's.

    Raises:
        Rejected: there is no such format, or `since` is not in the past.
    """
    if form not in REPORT_FORMATS:
        raise Rejected(f"a report is {' or '.join(REPORT_FORMATS)}, not {form!r}")
    if since is not None and since > clock.now():
        raise Rejected(f"nothing has changed since {since:%Y-%m-%d %H:%M}: it is not in the past")
    with home.scope.transaction() as connection:
        made = assemble(connection, home, since)
        if form == "html":
            from muniment.flows.report_page import page

            out.write(page(made).encode())
        else:
            from muniment.flows.report_workbook import workbook

            workbook(made, out)
        flow = jobs.begin(connection, home.scope, KIND, {"format": form})
        jobs.finish(connection, flow, "done", {"fingerprint": made.fingerprint})
    return made
