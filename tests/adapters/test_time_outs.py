"""The SDK's time-outs leave a response of 202 within what API Gateway waits for."""

import pytest
from callbacks.adapters import aws
from callbacks.adapters.aws import client

from tests.support.services import HELD

API_GATEWAY_SECONDS = 29
MARGIN_SECONDS = 1
BACKOFF_SECONDS = 1


def longest_call_seconds(service: str) -> float:
    """Every try connects and reads as long as it may; before each repeat the SDK backs off."""
    config = client(service).meta.config
    tries = config.retries["total_max_attempts"]
    assert config.retries["mode"] == "standard"
    backoffs = sum(BACKOFF_SECONDS * 2**repeat for repeat in range(tries - 1))
    seconds: float = tries * (config.connect_timeout + config.read_timeout) + backoffs
    return seconds


@pytest.mark.usefixtures("identity")
def test_an_outcome_is_held_before_the_api_gives_up() -> None:
    longest = sum(longest_call_seconds(service) for service in HELD.values())

    assert longest < API_GATEWAY_SECONDS - MARGIN_SECONDS


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("service", aws.READ_TIMEOUT_SECONDS)
def test_no_call_takes_longer_than_documented(service: str) -> None:
    assert longest_call_seconds(service) <= 7
