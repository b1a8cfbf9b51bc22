"""A tenant's long work: how far it is, what it came to, and stopping it."""

import csv
from io import StringIO
from typing import Any

from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.serve.pages.web import Outgoing, with_query
from shared.studio.tools import jobs


def show(visit: Visit) -> Outgoing:
    """Every job of the last 30 days, the newest first."""
    visit.in_tenant()
    listed = visit.run(
        jobs.family["list_jobs"], limit=50, **given({"cursor": visit.asked("cursor")})
    )
    return visit.page(
        "jobs.html", tenant=visit.tenant, jobs=listed["items"], more=listed["nextCursor"]
    )


def one(visit: Visit) -> Outgoing:
    """One job: where it stands, and what it came to."""
    visit.in_tenant()
    job = _found(visit)
    return visit.page(
        "job.html",
        tenant=visit.tenant,
        job=job,
        source=visit.asked("source"),
        report=job["result"].get("report") or job["error"].get("report") or (),
    )


def report(visit: Visit) -> Outgoing:
    """Which lines of a file were left out and why, as a file."""
    visit.in_tenant()
    job = _found(visit)
    text = StringIO()
    lines = csv.writer(text)
    lines.writerow(("line", "message"))
    for each in job["result"].get("report") or job["error"].get("report") or ():
        lines.writerow((each["line"], _harmless(each["message"])))
    name = f'attachment; filename="report-{job["id"]}.csv"'
    page = Outgoing(200, text.getvalue().encode(), "text/csv; charset=utf-8")
    return page.having(("content-disposition", name))


def cancel(visit: Visit) -> Outgoing:
    """Stop a job after the step it is at."""
    visit.in_tenant()
    id_ = visit.typed("id")["id"]
    visit.run(jobs.family["cancel_job"], job_id=id_)
    place = with_query("/job", {"tenant": visit.tenant, "id": id_})
    return visit.go(place, "The job stops after the step it is at. What it did so far stays.")


def _found(visit: Visit) -> dict[str, Any]:
    job: dict[str, Any] = visit.run(jobs.family["get_job"], job_id=visit.asked("id"))
    return job


def _harmless(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
