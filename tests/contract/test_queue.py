"""What every Queue adapter promises, and what the two keep beyond that."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import Problem
from shared.local.queue import FileQueue
from shared.ports.queue import Task
from tests.platform import MovedClock


def task(name="a" * 40, **changes):
    fields = {"name": name, "job": "/jobs/cells", "body": {"id": "x", "generation": 1}}
    return Task(**{**fields, "at": datetime.now(UTC), **changes})


def test_a_task_is_taken_once_by_its_name(queue):
    one, two = uuid.uuid4().hex, uuid.uuid4().hex
    assert queue.add(task(one))
    assert not queue.add(task(one))
    assert not queue.add(task(one, body={"id": "y"}))
    assert queue.add(task(two))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a/b"},
        {"name": "a" * 501},
        {"job": "jobs"},
        {"job": "/jobs?x"},
        {"queue": "nowhere"},
        {"at": datetime(2099, 1, 1, tzinfo=UTC)},
        {"body": {"text": "x" * 100_001}},
    ],
    ids=str,
)
def test_what_cloud_tasks_would_refuse_is_refused_everywhere(queue, changes):
    with pytest.raises(ValueError, match="task"):
        queue.add(task(**changes))


class TestCloudTasks:
    """CloudTasksQueue over the wire."""

    def test_a_task_says_where_when_and_as_whom(self, cloud_queue, tasks_server):
        at = datetime.now(UTC) + timedelta(minutes=5)
        cloud_queue.add(task(at=at))
        (sent,) = tasks_server.tasks.values()
        assert sent.name == f"{tasks_server.queues[0]}/tasks/{'a' * 40}"
        assert sent.schedule_time == at
        assert sent.dispatch_deadline == timedelta(minutes=30)
        request = sent.http_request
        assert request.url == "https://tasks.example/jobs/cells"
        assert request.body == b'{"id":"x","generation":1}'
        assert dict(request.headers) == {"content-type": "application/json"}
        assert request.oidc_token.service_account_email == "queue@p.iam.gserviceaccount.com"
        assert request.oidc_token.audience == "https://tasks.example"

    def test_a_short_outage_and_a_lost_answer_are_one_task(self, cloud_queue, tasks_server):
        tasks_server.fail("CreateTask", "UNAVAILABLE")
        tasks_server.fail("CreateTask", "UNAVAILABLE", after=True)
        cloud_queue.add(task())
        assert len(tasks_server.tasks) == 1

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            ("PERMISSION_DENIED", "forbidden"),
            ("NOT_FOUND", "forbidden"),
            ("RESOURCE_EXHAUSTED", "unavailable"),
            ("INTERNAL", "unavailable"),
            ("DEADLINE_EXCEEDED", "unavailable"),
        ],
    )
    def test_failures_are_ours(self, cloud_queue, tasks_server, status, code):
        tasks_server.fail("CreateTask", status)
        with pytest.raises(Problem, match=code):
            cloud_queue.add(task())


class TestFileQueue:
    """FileQueue, and whoever drains it."""

    @pytest.fixture
    def clock(self):
        return MovedClock()

    @pytest.fixture
    def queue(self, tmp_path, clock):
        queue = FileQueue(tmp_path / "queue.sqlite", clock)
        yield queue
        queue.close()

    def test_tasks_come_at_their_time_and_in_that_order(self, queue, clock):
        for name, seconds in (("late", 20), ("soon", 10), ("now", 0)):
            queue.add(task(name, at=clock.now() + timedelta(seconds=seconds)))
        assert queue.take().name == "now"
        assert queue.take() is None
        assert queue.next_at() == clock.time() + 10
        clock.advance(30)
        assert [queue.take().name, queue.take().name] == ["soon", "late"]

    def test_a_failed_task_comes_again_later_each_time(self, queue, clock):
        queue.add(task("once", at=clock.now()))
        waits = []
        for _ in range(4):
            taken = queue.take()
            queue.retry(taken)
            waits.append(queue.next_at() - clock.time())
            clock.advance(waits[-1])
        assert waits == [1, 2, 4, 8]
        assert queue.take().attempts == 4

    def test_a_task_whose_worker_died_comes_again(self, queue, clock):
        queue.add(task("once", at=clock.now()))
        queue.take()
        assert queue.take() is None
        clock.advance(601)
        assert queue.take().attempts == 1

    def test_a_done_tasks_name_stays_used_for_a_day(self, queue, clock):
        queue.add(task("once", at=clock.now()))
        queue.finish(queue.take())
        clock.advance(86_000)
        assert not queue.add(task("once", at=clock.now()))
        clock.advance(1000)
        assert queue.add(task("once", at=clock.now()))

    def test_what_waits_survives_the_process(self, queue, clock, tmp_path):
        queue.add(task("once", at=clock.now()))
        queue.close()
        again = FileQueue(tmp_path / "queue.sqlite", clock)
        assert again.take().body == {"id": "x", "generation": 1}
        again.close()
