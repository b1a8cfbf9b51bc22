"""A managed tag removed with its values: the steps of the job `delete_managed_tag`."""

from itertools import islice

from shared.app import App
from shared.engine.jobs import Done, Job, Next
from shared.engine.prepare import MOST_EDITS, Edit
from shared.engine.wanted import Part, Wanted
from shared.pipeline.configuration import Configuration, remove
from shared.pipeline.job_space import space_of
from shared.pipeline.managed_tags import TAGS, values_of
from shared.pipeline.workspace import Workspace


def remove_tag(app: App, id_: str, job: Job) -> Next | Done:
    """One step: delete some values; in the end the tag. Nobody adds values meanwhile."""
    del id_
    space, tag = space_of(app, job), job.args["tag"]
    name = space.name(values_of(tag))
    if job.cursor is None:
        return Next({}, 0, space.collections.head(name).count)
    keys = [item.key for item in islice(space.collections.every(name), MOST_EDITS)]
    if keys:
        edits = tuple(Edit(key, combine="delete") for key in keys)
        space.commit(Wanted((Part(name, edits),), space.author, job.import_id))
        return Next({}, min(job.total or 0, job.done + len(keys)), job.total)
    space.decide(lambda configuration: _finish(space, configuration, tag))
    return Done({"deleted": job.total}, job.total)


def _finish(space: Workspace, configuration: Configuration, tag: str) -> None:
    found = configuration.find(TAGS, tag)
    if found is not None:
        space.configure(remove(TAGS, found), redefines=[found.value.values])
