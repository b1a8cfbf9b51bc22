"""The part of Cloud Tasks that the client library uses here, over real gRPC.

https://cloud.google.com/tasks/docs/reference/rpc
It keeps tasks and names; sending what is due is left to those who use it. They take it as from the
queue of a laptop (`OwnQueue`).
"""

import json
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from google.cloud import tasks_v2 as api

from shared.ports.queue import Taken
from tests.contract.grpc_server import GrpcServer, abort


class TasksServer(GrpcServer):
    """Serves some queues. `tasks` are those that wait, `used` the names that were ever taken."""

    SERVICE = "google.cloud.tasks.v2.CloudTasks"
    METHODS: ClassVar = {"CreateTask": (api.CreateTaskRequest, api.Task)}

    def __init__(self, *queues):
        super().__init__()
        self.queues = queues
        self.tasks, self.used, self.sent = {}, set(), {}

    def create_task(self, request, context):
        task = request.task
        if request.parent not in self.queues:
            abort(context, "NOT_FOUND", "Queue does not exist.")
        if not task.name.startswith(f"{request.parent}/tasks/"):
            abort(context, "INVALID_ARGUMENT", "Task name must match queue")
        if len(task.http_request.body) >= 100 * 1024:
            abort(context, "INVALID_ARGUMENT", "Task size too large")
        if task.schedule_time and task.schedule_time > datetime.now(UTC) + timedelta(days=30):
            abort(context, "INVALID_ARGUMENT", "schedule_time too far in the future")
        with self.lock:
            if task.name in self.used:
                abort(context, "ALREADY_EXISTS", "Requested entity already exists")
            self.used.add(task.name)
            self.tasks[task.name] = task
        return task

    def take(self):
        """The task that is due for longest, until it is said how that went; None while none is."""
        now = datetime.now(UTC)
        with self.lock:
            due = [each for each in self.tasks.values() if each.schedule_time <= now]
            if not due:
                return None
            task = min(due, key=lambda each: each.schedule_time)
            self.sent[task.name] = self.tasks.pop(task.name)
        request = task.http_request
        body = json.loads(request.body)
        return Taken(task.name, urlsplit(request.url).path, body, task.dispatch_count)

    def finish(self, taken):
        """It was done."""
        del self.sent[taken.name]

    def retry(self, taken):
        """It failed: it comes again, later each time."""
        task = self.sent.pop(taken.name)
        task.dispatch_count += 1
        task.schedule_time = datetime.now(UTC) + timedelta(seconds=min(60, 2**taken.attempts))
        self.tasks[task.name] = task
