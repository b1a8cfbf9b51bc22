"""The part of Cloud Tasks that the client library uses here, over real gRPC.

https://cloud.google.com/tasks/docs/reference/rpc
It keeps tasks and names; sending what is due is left to those who use it.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from google.cloud import tasks_v2 as api

from tests.contract.grpc_server import GrpcServer, abort


class TasksServer(GrpcServer):
    """Serves some queues. `tasks` are those that wait, `used` the names that were ever taken."""

    SERVICE = "google.cloud.tasks.v2.CloudTasks"
    METHODS: ClassVar = {"CreateTask": (api.CreateTaskRequest, api.Task)}

    def __init__(self, *queues):
        super().__init__()
        self.queues = queues
        self.tasks, self.used = {}, set()

    def create_task(self, request, context):
        task = request.task
        if request.parent not in self.queues:
            abort(context, "NOT_FOUND", "Queue does not exist.")
        if not task.name.startswith(f"{request.parent}/tasks/"):
            abort(context, "INVALID_ARGUMENT", "Task name must match queue")
        if task.name in self.used:
            abort(context, "ALREADY_EXISTS", "Requested entity already exists")
        if len(task.http_request.body) >= 100 * 1024:
            abort(context, "INVALID_ARGUMENT", "Task size too large")
        if task.schedule_time and task.schedule_time > datetime.now(UTC) + timedelta(days=30):
            abort(context, "INVALID_ARGUMENT", "schedule_time too far in the future")
        self.used.add(task.name)
        self.tasks[task.name] = task
        return task
