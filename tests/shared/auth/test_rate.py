"""The rate limit: token bucket, leases, and never more than the bucket gave, whatever happens."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.auth.rate import LEASE_SECONDS, RateLimiter
from shared.auth.usage import Usage
from shared.errors import Conflict, Problem
from shared.local.documents import SqliteDocuments
from shared.ports.documents import Put
from tests.counting import CountingDocuments
from tests.platform import MovedClock

LIMIT = 600


@pytest.fixture
def instance(documents, clock):
    return lambda: RateLimiter(documents, clock, Usage(clock))


def drained(limiter, limit, most=100_000):
    """Calls until one is refused: how many were served, and the refusal."""
    for served in range(most):
        budget = limiter.draw("org", limit)
        if budget.retry_after is not None:
            return served, budget
    raise AssertionError("the bucket never ran dry")


def test_a_full_bucket_serves_one_minute_of_calls_at_once_and_then_refills(instance, clock):
    limiter = instance()
    served, refused = drained(limiter, LIMIT)
    assert served == LIMIT
    assert 0 < refused.retry_after <= 1
    assert refused.remaining == 0
    clock.advance(6)
    assert drained(limiter, LIMIT)[0] == 60
    clock.advance(3600)
    assert drained(limiter, LIMIT)[0] == LIMIT


def test_the_answer_says_what_is_left_and_when_it_is_full_again(instance, clock):
    limiter = instance()
    first = limiter.draw("org", LIMIT)
    assert (first.limit, first.remaining, first.retry_after) == (LIMIT, LIMIT - 1, None)
    assert first.full_at == pytest.approx(clock.time() + 0.1)
    for _ in range(99):
        last = limiter.draw("org", LIMIT)
    assert last.remaining == LIMIT - 100
    assert last.full_at == pytest.approx(clock.time() + 10)


def test_waiting_as_long_as_told_is_enough(instance, clock):
    for limit in (1, 7, 60, 600, 6_000, 100_000):
        limiter = instance()
        org = f"org-{limit}"
        while (budget := limiter.draw(org, limit)).retry_after is None:
            pass
        clock.advance(math.ceil(budget.retry_after))
        assert limiter.draw(org, limit).retry_after is None, limit


def test_a_lease_is_at_most_two_seconds_and_a_twentieth_of_the_bucket(instance, documents):
    for limit, most in ((1, 1), (60, 2), (600, 20), (6_000, 200), (60_000, 2_000)):
        org = f"org-{limit}"
        instance().draw(org, limit)
        left = documents.get(f"rates/{org}").data["level"]
        assert limit - left == most


def renewed(limiters, documents, clock, seconds, each=0.1):
    """How often the bucket is written while all of them are called again and again."""
    documents.forget()
    for _ in range(round(seconds / each)):
        for limiter in limiters:
            assert limiter.draw("org", 60_000).retry_after is None
        clock.advance(each)
    return len(documents.commits)


def test_the_more_instances_share_a_bucket_the_longer_a_lease_is(instance, documents, clock):
    """The document takes about one write a second, however many there are."""
    limiters = [instance() for _ in range(10)]
    assert renewed(limiters[:1], documents, clock, 60) == 30
    renewed(limiters, documents, clock, 60)
    assert 28 <= renewed(limiters, documents, clock, 60) <= 34
    renewed(limiters[:1], documents, clock, 60)
    assert renewed(limiters[:1], documents, clock, 60) == 30


def test_an_instance_that_was_away_does_not_take_all_renewals_for_others(
    instance, documents, clock
):
    away, busy = instance(), instance()
    renewed([away], documents, clock, 1)
    renewed([busy], documents, clock, 600)
    away.draw("org", 60_000)
    assert 14 <= renewed([away], documents, clock, 60) <= 30


def test_what_an_instance_did_not_use_goes_back(instance, documents, clock):
    one, two = instance(), instance()
    one.draw("org", LIMIT)
    clock.advance(LEASE_SECONDS)
    one.draw("org", LIMIT)  # renews: the 19 unused return
    assert documents.get("rates/org").data["level"] == pytest.approx(LIMIT - 20)
    assert two.draw("org", LIMIT).remaining == pytest.approx(LIMIT - 21, abs=20)


def test_a_look_takes_nothing(instance, documents, clock):
    limiter = instance()
    assert limiter.look("org", LIMIT).remaining == LIMIT
    assert documents.commits == []
    drained(limiter, LIMIT)
    assert limiter.look("org", LIMIT).remaining < 20
    clock.advance(60)
    assert limiter.look("org", LIMIT).remaining == LIMIT


def test_a_changed_limit_counts_from_the_next_call(instance, clock):
    limiter = instance()
    drained(limiter, LIMIT)
    clock.advance(1)
    raised = limiter.draw("org", 6_000)
    assert raised.limit == 6_000
    assert raised.retry_after is None
    slow = instance()
    drained(slow, 1)
    clock.advance(1)  # what is left of the minute that it had to wait counts no more
    assert slow.draw("org", 6_000).retry_after is None
    lowered = instance()
    lowered.draw("org", LIMIT)
    clock.advance(600)
    assert drained(lowered, 10)[0] <= 10


def test_an_empty_bucket_is_not_asked_again_before_it_can_have_filled(instance, documents, clock):
    limiter = instance()
    _, refused = drained(limiter, 60)
    documents.forget()
    for _ in range(200):
        assert limiter.draw("org", 60).retry_after is not None
    assert documents.asked == documents.commits == []
    clock.advance(math.ceil(refused.retry_after))
    assert limiter.draw("org", 60).retry_after is None
    assert len(documents.commits) == 1


@pytest.mark.parametrize("back", [0.5, 30, 3_600, 86_400])
def test_a_clock_that_goes_back_gives_nothing_for_free_and_heals(instance, clock, back):
    limiter = instance()
    drained(limiter, LIMIT)
    clock.advance(-back)
    assert drained(limiter, LIMIT)[0] == 0
    assert drained(instance(), LIMIT)[0] == 0
    clock.advance(120)
    for each in (limiter, instance()):
        assert each.draw("org", LIMIT).retry_after is None


def test_instances_whose_clocks_differ_a_little_give_no_more_than_one_bucket(documents):
    ahead, behind = MovedClock(), MovedClock()
    ahead.advance(0.5)
    pair = [RateLimiter(documents, clock, Usage(clock)) for clock in (ahead, behind)]
    served = 0
    for _ in range(200):
        for limiter in pair:
            served += limiter.draw("org", 60).retry_after is None
        ahead.advance(0.05)
        behind.advance(0.05)
    assert served <= 60 + 10 + 1


class Losing(CountingDocuments):
    """Every second commit finds that somebody was faster."""

    lost = False

    def commit(self, writes):
        self.lost = not self.lost
        if self.lost:
            raise Conflict(writes[0].path)
        super().commit(writes)


def test_a_lost_race_is_run_again(tmp_path, clock):
    documents = Losing(SqliteDocuments(tmp_path / "documents.sqlite"))
    assert drained(RateLimiter(documents, clock, Usage(clock)), LIMIT)[0] == LIMIT
    documents.close()


class Lost(CountingDocuments):
    """Every commit is kept, and nobody hears of it."""

    def commit(self, writes):
        super().commit(writes)
        raise Problem("unavailable", "The answer was lost.")


def test_a_renewal_whose_outcome_is_unknown_serves_nothing_from_it(tmp_path, clock):
    documents = Lost(SqliteDocuments(tmp_path / "documents.sqlite"))
    limiter = RateLimiter(documents, clock, Usage(clock))
    for _ in range(3):
        with pytest.raises(Problem):
            limiter.draw("org", LIMIT)
    healthy = RateLimiter(documents.inner, clock, Usage(clock))
    assert drained(healthy, LIMIT)[0] == LIMIT - 3 * 20
    documents.close()


def test_threads_of_several_instances_never_serve_more_than_the_bucket(instance):
    limiters = [instance() for _ in range(4)]

    def work(number):
        limiter = limiters[number % 4]
        return sum(limiter.draw("org", LIMIT).retry_after is None for _ in range(200))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(work, range(8))) == LIMIT


steps = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, 3), st.integers(1, 40)),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 4_000)),
        st.tuples(st.just("die"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("back"), st.just(0), st.integers(1, 2_000)),
    ),
    min_size=5,
    max_size=60,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.sampled_from([1, 30, 600, 6_000]))
def test_whatever_instances_do_no_more_is_served_than_was_given(tmp_path_factory, plan, limit):
    documents = SqliteDocuments(tmp_path_factory.mktemp("rate") / "documents.sqlite")
    clock = MovedClock()
    limiters = [RateLimiter(documents, clock, Usage(clock)) for _ in range(4)]
    earliest, latest, served = clock.time(), clock.time(), 0
    for what, number, amount in plan:
        if what == "wait":
            clock.advance(amount / 1000)
        elif what == "back":
            clock.advance(-amount / 1000)
        elif what == "die":
            limiters[number] = RateLimiter(documents, clock, Usage(clock))
        else:
            for _ in range(amount):
                served += limiters[number].draw("org", limit).retry_after is None
        earliest, latest = min(earliest, clock.time()), max(latest, clock.time())
        assert served <= limit + (latest - earliest) * limit / 60 + 1e-6
    documents.close()


def test_an_old_bucket_without_a_lease_field_is_read(documents, clock):
    documents.commit([Put("rates/org", {"level": 5.0, "at": clock.time()})])
    assert drained(RateLimiter(documents, clock, Usage(clock)), 60)[0] == 5
