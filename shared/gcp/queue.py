"""Work for later in a Cloud Tasks queue."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from google.api_core import exceptions, retry
from google.cloud import tasks_v2
from google.cloud.tasks_v2 import CloudTasksClient, HttpMethod, HttpRequest, OidcToken

from shared.errors import Problem
from shared.names import checked_task
from shared.per_process import PerProcess
from shared.ports.queue import Task

_SECONDS: Final = 10.0
DEADLINE: Final = timedelta(minutes=30)
"""How long a job may take before Cloud Tasks calls again (the most it allows)."""
_RETRY: Final = retry.Retry(
    predicate=retry.if_exception_type(exceptions.ServiceUnavailable),
    initial=0.1,
    maximum=1.0,
    timeout=_SECONDS,
)


class Place(NamedTuple):
    """Where a queue is.

    Attributes:
        queue: its name in the project.
        url: the base address it sends its tasks to, and their audience.
    """

    queue: str
    url: str


class CloudTasksQueue:
    """`Queue` in the queues of a project.

    A named creation may be repeated, so it is, for up to ten seconds. Tasks carry an OIDC token of
    `account`; how fast they are sent, and how often again after a crash, is
    the queue's own configuration (infra).

    Args:
        project, region: where the queues are.
        places: each of QUEUES by our name.
        account: the service account tasks are sent as.
        connect: makes the client; another one in tests.
    """

    def __init__(
        self,
        project: str,
        region: str,
        places: Mapping[str, Place],
        *,
        account: str,
        connect: Callable[[], CloudTasksClient] = CloudTasksClient,
    ) -> None:
        self._region = f"projects/{project}/locations/{region}"
        self._places = places
        self._account = account
        self._client = PerProcess(connect)

    def add(self, task: Task) -> bool:
        """Hand a task over. False when its name was used. Raises `unavailable`, `forbidden`."""
        body = checked_task(task, datetime.now(UTC))
        queue, url = self._places[task.queue]
        parent = f"{self._region}/queues/{queue}"
        made = tasks_v2.Task(
            name=f"{parent}/tasks/{task.name}",
            schedule_time=task.at,
            dispatch_deadline=DEADLINE,
            http_request=HttpRequest(
                http_method=HttpMethod.POST,
                url=f"{url}{task.job}",
                headers={"content-type": "application/json"},
                body=body,
                oidc_token=OidcToken(service_account_email=self._account, audience=url),
            ),
        )
        try:
            self._client.get().create_task(parent=parent, task=made, retry=_RETRY, timeout=_SECONDS)
        except exceptions.AlreadyExists:
            return False
        except (exceptions.Forbidden, exceptions.Unauthorized, exceptions.NotFound) as error:
            raise Problem(
                "forbidden", "The work queue refused the task. Check its name and our access to it."
            ) from error
        except (exceptions.GoogleAPICallError, exceptions.RetryError, OSError) as error:
            raise Problem(
                "unavailable", "The work queue did not answer in time. Try again in a moment."
            ) from error
        return True

    def close(self) -> None:
        """Close this process's channel. The object opens a new one when it is used again."""
        client = self._client.take()
        if client is not None:
            client.transport.close()
