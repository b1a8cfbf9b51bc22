"""Schema-driven fuzzing of one operation of an OpenAPI document."""

from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

HOST = "localhost"
EXCLUDED = [
    ignored_auth,  # sends our header along when it means to leave it out; others prove the 401s
    positive_data_acceptance,  # what fits the schema may still break a rule that no schema says
]


def fuzz(operation, mode, bearer, prepare=id):
    """Which statuses generated requests came to; fails at a 500, or what is not described."""
    headers = {"authorization": f"Bearer {bearer}", "host": HOST}
    seen = set()
    refusals = operation.schema.config.checks.negative_data_rejection
    refusals.expected_statuses = ["4xx"]  # its own list does not know 413

    @settings(
        max_examples=100,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def every(case):
        prepare(case)
        if case.headers:
            # There by chance: names are also drawn from the code that happens to be imported.
            case.headers.pop("origin", None)
        answer = case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)
        assert answer.headers["x-request-id"]
        assert ("x-ratelimit-limit" in answer.headers) == (answer.status_code != 401)
        seen.add(answer.status_code)

    every()
    return seen
