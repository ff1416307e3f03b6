"""What an apply of the platform does beside Terraform, over recorded responses of AWS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from callbacks.adapters.aws import lazy
from callbacks.adapters.task_table import DynamoDBTasks
from callbacks.domain.task import TaskKey
from moto import mock_aws

from tests.support.cloud import create_task_table
from tests.support.services import intercepted
from tests.support.tasks import completing, done, pending, unsettled
from tools.contracts import tree
from tools.deploy import release
from tools.deploy.accounts import Account
from tools.deploy.release import OpenTasksError
from tools.deploy.terraform import Directory

TABLE = "CallbackTasks"
TOPIC = "arn:aws:sns:eu-west-1:111111111111:gifts"
DEPLOYMENT = {"api_id": "api", "id": "deployment", "stage_name": "dev"}
OUTPUTS = {"callback_tasks_table": TABLE, "deployment": DEPLOYMENT}


class Root:
    """A root that is applied, and keeps the commands that it was given."""

    def __init__(self, path: Path, outputs: dict[str, Any]) -> None:
        self.path = path
        self.commands: list[tuple[str, ...]] = []
        self._outputs = outputs

    def run(self, *arguments: str) -> str:
        self.commands.append(arguments)
        return ""

    def outputs(self) -> dict[str, Any]:
        return self._outputs


@pytest.fixture
def account(identity: None) -> Iterator[Account]:  # noqa: ARG001
    with mock_aws():
        account = Account(boto3.Session(region_name="eu-west-1"))
        create_task_table(account.dynamodb.meta.client, TABLE)
        yield account


def put(account: Account, order_id: str, task_type: str, **attributes: Any) -> None:
    account.dynamodb.Table(TABLE).put_item(
        Item={"order_id": order_id, "task_type": task_type, **attributes}
    )


@pytest.fixture
def root(account: Account, tmp_path: Path) -> Root:
    """Keeps GIFTS; FLOWERS is in service, and declared no more."""
    for task_type in ("FLOWERS", "GIFTS"):
        topic = account.sns.create_topic(Name=task_type.lower())["TopicArn"]
        put(account, "#CHANNEL", task_type, topic_arn=topic, partners={}, task_token="x")
        for made in (pending, completing, done, unsettled):
            key = TaskKey(f"{task_type}-{made.__name__}", task_type)
            assert DynamoDBTasks(lazy("dynamodb"), TABLE).create(made(key=key)).applied
    kept = tmp_path / tree.channel("GIFTS")
    kept.parent.mkdir(parents=True)
    kept.touch()
    return Root(tmp_path / tree.ROOTS / "platform", OUTPUTS)


def test_names_what_is_open_before_it_changes_anything(account: Account, root: Root) -> None:
    with pytest.raises(OpenTasksError) as refused:
        release.apply(cast(Directory, root), account, ["-auto-approve"])

    assert root.commands == []
    said = str(refused.value)
    assert "FLOWERS  FLOWERS-pending  PENDING, due by 2027-01-16T08:00:06Z" in said
    assert "FLOWERS  FLOWERS-completing  COMPLETING" in said
    assert "FLOWERS  FLOWERS-unsettled  PENDING" in said
    assert "ABANDON=FLOWERS" in said
    assert not any(text in said for text in ("FLOWERS-done", "GIFTS", "SECRET"))


def test_asks_the_index_and_scans_nothing(account: Account, root: Root) -> None:
    with intercepted(account.dynamodb.meta.client) as dynamodb, pytest.raises(OpenTasksError):
        release.check(cast(Directory, root), account)

    assert {operation for operation, _ in dynamodb.calls} == {"Query", "GetItem"}


def test_removes_what_is_given_up(account: Account, root: Root) -> None:
    release.check(cast(Directory, root), account, ["FLOWERS"])

    with pytest.raises(OpenTasksError, match="GIFTS-pending"):
        release.check(cast(Directory, root), account, ["FLOWERS"], everything=True)


def test_has_nothing_to_lose_before_the_first_apply(account: Account, tmp_path: Path) -> None:
    release.check(cast(Directory, Root(tmp_path, {})), account)


def test_names_some_of_many(account: Account, root: Root) -> None:
    for number in range(30):
        key = TaskKey(f"order-{number}", "FLOWERS")
        DynamoDBTasks(lazy("dynamodb"), TABLE).create(pending(key=key))

    with pytest.raises(OpenTasksError, match="and 13 more"):
        release.check(cast(Directory, root), account)


@pytest.mark.parametrize(
    ("held", "replaced"),
    [
        ({"/externalCallback/GIFTS": {"POST": {}}}, 0),
        ({"/externalCallback/GIFTS": {"POST": {}}, "/externalCallback/FLOWERS": {"POST": {}}}, 1),
    ],
)
def test_deploys_again_what_still_has_a_removed_route(
    account: Account, root: Root, held: Any, replaced: int
) -> None:
    live = [
        {"path": "/"},
        {"path": "/externalCallback/GIFTS", "resourceMethods": {"POST": {}}},
    ]
    with intercepted(account.apigateway) as apigateway:
        apigateway.answers = {
            "GetDeployment": {"apiSummary": held},
            "GetResources": {"items": live},
        }
        release.apply(cast(Directory, root), account, ["-auto-approve"], ["FLOWERS"])

    assert apigateway.calls[0] == (
        "GetDeployment",
        {"restApiId": "api", "deploymentId": "deployment", "embed": ["apisummary"]},
    )
    again = ("apply", "-auto-approve", "-replace=module.release.aws_api_gateway_deployment.this")
    assert root.commands == [("apply", "-auto-approve"), *[again] * replaced]


def test_ends_subscriptions_of_accounts_that_are_no_partners(account: Account, root: Root) -> None:
    former = f"{TOPIC}:former"
    said: list[str] = []
    with intercepted(account.sns) as sns, intercepted(account.apigateway) as apigateway:
        apigateway.answers = {"GetDeployment": {}, "GetResources": {"items": []}}
        sns.answers = {
            "ListSubscriptionsByTopic": {
                "Subscriptions": [
                    {"SubscriptionArn": former, "Owner": "999999999999", "Endpoint": "former"}
                ]
            },
            "Unsubscribe": {},
        }
        release.apply(cast(Directory, root), account, [], ["FLOWERS"], said.append)

    assert ("Unsubscribe", {"SubscriptionArn": former}) in sns.calls
    assert "Ended the subscription of former, whose account is no partner any more." in said
