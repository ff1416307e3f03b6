"""The interpreter, the functions it calls, and the partner who calls back."""

from collections.abc import Iterator

import boto3
import pytest

from tests.support import functions
from tests.support.cloud import Cloud
from tests.support.workflow import Engine, Functions, Partner, function_arn


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Nothing here may reach a service."""


@pytest.fixture
def called(
    aws: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Functions]:
    """The functions of the order workflow; a test may put others in their places.

    No token that they were called with may be in what they print.
    """
    names = ("get_order_metadata", "process_shipping_result", "sns_callback")
    with functions.deployed(aws):
        routed = Functions({function_arn(name): functions.handler(name) for name in names})
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", routed.session())
        yield routed
        printed = capsys.readouterr().out
    assert not [event for _, event in routed.calls if event.get("token", "\0") in printed]


@pytest.fixture
def engine(aws: Cloud, called: Functions) -> Engine:  # noqa: ARG001
    aws.register()
    return Engine(aws)


@pytest.fixture
def partner(aws: Cloud) -> Partner:
    return Partner(aws)
