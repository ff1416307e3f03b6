"""The table of problems is whole, and says one thing of each status."""

from http import HTTPStatus

import pytest
from callbacks.runtime.problems import Problem, problems

THEN = {"correct", "drop", "renew", "repeat"}


@pytest.mark.parametrize("problem", problems().values(), ids=lambda problem: problem.slug)
class TestProblem:
    def test_is_whole(self, problem: Problem) -> None:
        assert problem.status in set(HTTPStatus)
        assert problem.type == f"urn:callback-channels:problem:{problem.slug}"
        assert problem.then in THEN
        assert all(text.endswith(".") for text in (problem.when, problem.action))

    def test_is_sent_again_if_the_platform_is_at_fault_or_busy(self, problem: Problem) -> None:
        assert (problem.then == "repeat") == (problem.status == 429 or problem.status >= 500)

    def test_speaks_of_retry_after_where_it_is_sent(self, problem: Problem) -> None:
        assert ("`Retry-After`" in problem.action) == (problem.retry_after_seconds is not None)

    def test_says_to_send_it_again_or_not(self, problem: Problem) -> None:
        told = {
            "correct": "",
            "drop": "Do not send it again.",
            "renew": "send the callback again",
            "repeat": "end the same callback again",
        }

        assert told[problem.then] in problem.action


def test_each_status_is_one_problem() -> None:
    statuses = [problem.status for problem in problems().values()]

    assert len(statuses) == len(set(statuses))
