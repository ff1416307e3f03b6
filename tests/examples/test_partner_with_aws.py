"""The reference partner with AWS: when it is done with a message."""

import boto3
import pytest
import requests

from examples.partner_with_aws.service import Message, Partner
from tests.support.services import intercepted
from tools.deploy.accounts import Account

MESSAGE = Message(
    {"subject": "order-1", "tasktype": "T", "callbackurl": "https://example.com", "data": {}},
    "receipt",
)


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize(
    ("status", "deleted"),
    [
        (200, True),
        (202, True),
        (404, True),
        (409, True),
        (410, True),
        (400, False),
        (403, False),
        (413, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_a_message_is_deleted_after_a_final_response_only(
    status: int, deleted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(boto3.Session(region_name="eu-west-1"))
    partner = Partner(account, "https://sqs.example.com/queue", "role", "external-id")
    response = requests.Response()
    response.status_code = status
    monkeypatch.setattr(partner, "call_back", lambda *_: response)

    with intercepted(account.sqs) as sqs:
        sqs.answers["DeleteMessage"] = {}
        partner.handle(MESSAGE, dict)

    assert [operation for operation, _ in sqs.calls] == ["DeleteMessage"] * deleted
