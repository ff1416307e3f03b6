"""The SDK's time-outs end every call of a function before the function's own time-out."""

import re

import pytest
from callbacks.adapters import aws
from callbacks.adapters.aws import client

from tests.support.services import SLOWEST_CALLBACK, SLOWEST_REDELIVERY
from tools.deploy.terraform import MODULES

API_GATEWAY_SECONDS = 29
MARGIN_SECONDS = 1
BACKOFF_SECONDS = 1
CALLBACK_SECONDS = r"callback_timeout_seconds\s*= (\d+)"
REDELIVERY_SECONDS = r"redeliver_timeout_seconds\s*= (\d+)"
REDELIVERY_BATCH = r"batch_size\s*= (\d+)"


def longest_call_seconds(service: str) -> float:
    """Every try connects and reads as long as it may; before each repeat the SDK backs off."""
    config = client(service).meta.config
    tries = config.retries["total_max_attempts"]
    assert config.retries["mode"] == "standard"
    backoffs = sum(BACKOFF_SECONDS * 2**repeat for repeat in range(tries - 1))
    seconds: float = tries * (config.connect_timeout + config.read_timeout) + backoffs
    return seconds


def set_in_terraform(file: str, pattern: str) -> int:
    [number] = re.findall(pattern, (MODULES / "platform" / file).read_text(), re.DOTALL)
    return int(number)


@pytest.mark.usefixtures("identity")
def test_a_callback_has_its_response_before_the_function_and_the_api_give_up() -> None:
    longest = sum(longest_call_seconds(service) for service in SLOWEST_CALLBACK.values())
    time_out = set_in_terraform("functions.tf", CALLBACK_SECONDS)

    assert longest == pytest.approx(26.6)
    assert longest < time_out - MARGIN_SECONDS
    assert time_out < API_GATEWAY_SECONDS


@pytest.mark.usefixtures("identity")
def test_a_batch_of_redelivery_ends_before_the_function_gives_up() -> None:
    slowest = sum(longest_call_seconds(service) for service in SLOWEST_REDELIVERY.values())
    batch = set_in_terraform("redelivery.tf", REDELIVERY_BATCH)

    assert batch * slowest < set_in_terraform("redelivery.tf", REDELIVERY_SECONDS) - MARGIN_SECONDS


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("service", aws.READ_TIMEOUT_SECONDS)
def test_no_call_takes_longer_than_documented(service: str) -> None:
    # A function that is invoked is waited for.
    documented = {"lambda": 65.3}

    assert longest_call_seconds(service) <= documented.get(service, 5.6)
