"""Files that a job keeps between its steps. They go when it ends; the bucket forgets the rest."""

from typing import Final

from shared.app import App

FOLDER: Final = "staged"
"""What their names begin with; the bucket forgets what is a week old there."""


def staged_name(job: str, part: str) -> str:
    """The name of one file of a job, `{tenant}:{id}`."""
    tenant, _, id_ = job.partition(":")
    return f"{FOLDER}/{tenant}/{id_}/{part}"


def forget_staged(app: App, job: str) -> None:
    """Remove what a job kept."""
    for each in list(app.blobs.list(staged_name(job, ""))):
        app.blobs.delete(each.name)
