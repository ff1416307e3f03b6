"""A task type from its command to its end, applied beside the environment's own channels."""

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from contracts import new_task_type, tree
from local import REPOSITORY, release
from local.environment import EXTERNAL_ID, PARTNER_NAME, Environment
from local.partner import Json, Partner
from local.release import OpenTasksError
from local.terraform import ROOTS, Directory
from local.walkthrough import Deployment, until
from tests.e2e.engine_gaps import KEEPS_SUBSCRIPTIONS_OF_OTHER_ACCOUNTS
from tests.e2e.waiting import waiting_on

NAME = "TYPE_THAT_A_TEST_ADDS"
ROUTE = f"POST /externalCallback/{NAME}"
SOURCES = ("dist", "schemas", "statemachines", "terraform")
CACHE_SECONDS = 60


@dataclass
class Platform:
    """The platform root in a copy of the sources, with the environment's state."""

    root: Directory
    deployment: Deployment
    options: list[str]
    said: list[str] = field(default_factory=list)

    def apply(self, *abandoned: str) -> Json:
        release.apply(
            self.root, self.deployment.platform, self.options, abandoned, self.said.append
        )
        return self.root.outputs()

    @property
    def sources(self) -> Path:
        return self.root.path.parents[2]

    @property
    def task_types(self) -> Path:
        return self.sources / tree.TASK_TYPES

    def declare(self, text: str, other: str) -> None:
        """Change the entry of the new task type."""
        before, opening, after = self.task_types.read_text().partition(f"    {NAME} = {{")
        entry, closing, rest = after.partition("    }\n")
        changed = entry.replace(text, other)
        self.task_types.write_text(before + opening + changed + closing + rest)

    def forget(self) -> None:
        """Take the new task type out again: its entry and its contract."""
        before, _, after = self.task_types.read_text().partition(f"    {NAME} = {{")
        self.task_types.write_text(before + after.partition("    }\n")[2])
        shutil.rmtree(self.sources / tree.SCHEMAS / NAME)

    def example(self, kind: str) -> Json:
        examples = self.sources / tree.Version(NAME, "v1").examples("valid")
        document: Json = json.loads((examples / f"{kind}.json").read_text())
        return document


@pytest.fixture
def platform(
    environment: Environment, deployment: Deployment, tmp_path: Path
) -> Iterator[Platform]:
    for folder in (*SOURCES, new_task_type.FUNCTIONS):
        shutil.copytree(
            REPOSITORY / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".terraform")
        )
    root = replace(
        environment.root("platform"),
        path=tmp_path / ROOTS.relative_to(REPOSITORY) / "platform",
        data_dir=tmp_path / ".terraform",
        log=environment.directory / "terraform-task-type.log",
    )
    root.init(f"-backend-config={root.path / 'envs' / 'local.s3.tfbackend'}")
    # What the engine drops is none of this test's business, and reading it takes long.
    options = ["-auto-approve", "-input=false", "-no-color", "-refresh=false"]
    platform = Platform(root, deployment, [*options, *environment.variables("platform")])
    declared = platform.task_types.read_text()
    yield platform
    platform.task_types.write_text(declared)  # A test that failed leaves the channel behind.
    if NAME in root.outputs()["channels"]:
        platform.apply(NAME)
    for task in release.open_tasks(deployment.platform, root.outputs(), [NAME]):
        deployment.callback_tasks.delete_item(Key={"order_id": task.order_id, "task_type": NAME})


@pytest.fixture
def queue(deployment: Deployment) -> Iterator[str]:
    """URL of a queue in the partner's account."""
    sqs = deployment.partner.account.sqs
    url = sqs.create_queue(QueueName=f"gifts-{time.time_ns()}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def test_the_life_of_a_task_type(platform: Platform, queue: str) -> None:
    new_task_type.add(platform.sources, NAME, partner=PARTNER_NAME)

    outputs = platform.apply()

    assert ROUTE in _deployed(platform, outputs)
    channel = outputs["channels"][NAME]
    wait_state = outputs["wait_states"][NAME]
    deployment = _with_partner(platform.deployment, channel, queue)
    with waiting_on(deployment, "waits-on-gifts", wait_state, "order_contents") as waiting:
        answered, execution_arn = waiting.start(platform.example("request"))
        message = deployment.message_for(answered)
        answer = deployment.partner.handle(message, lambda _: platform.example("output"))
        assert answer.status_code == 200, answer.text
        assert deployment.finished(execution_arn)["status"] == "SUCCEEDED"

        waiting_order, _ = waiting.start(platform.example("request"))
        deployment.message_for(waiting_order)

    _disable(deployment)
    until(
        lambda: _refusal(deployment, wait_state),
        "the dispatcher refuses a disabled channel",
        CACHE_SECONDS + 15,
    )

    platform.declare(f'"{PARTNER_NAME}"', "")
    subscriber = _arn(deployment, queue)
    assert _subscribers(deployment, channel) == [subscriber]
    outputs = platform.apply()
    kept = [subscriber] if KEEPS_SUBSCRIPTIONS_OF_OTHER_ACCOUNTS else []
    assert _subscribers(deployment, channel) == kept
    assert any(subscriber in line for line in platform.said)
    assert outputs["channels"][NAME]["callback_roles"] == {}

    platform.forget()
    with pytest.raises(OpenTasksError) as refused:
        platform.apply()
    assert waiting_order in str(refused.value)
    assert answered not in str(refused.value)
    assert ROUTE in _deployed(platform, platform.root.outputs())

    outputs = platform.apply(NAME)
    assert NAME not in outputs["channels"]
    assert _deployed(platform, outputs) == _declared(outputs) != []
    assert ROUTE not in _deployed(platform, outputs)


def _with_partner(deployment: Deployment, channel: Json, queue: str) -> Deployment:
    """The deployment with the channel's partner, whose queue is subscribed."""
    account = deployment.partner.account
    arn = _arn(deployment, queue)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": channel["topic_arn"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    account.sns.subscribe(TopicArn=channel["topic_arn"], Protocol="sqs", Endpoint=arn)
    role_arn = channel["callback_roles"][PARTNER_NAME]
    return replace(deployment, partner=Partner(account, queue, role_arn, EXTERNAL_ID))


def _arn(deployment: Deployment, queue: str) -> str:
    return deployment.partner.account.sqs.get_queue_attributes(
        QueueUrl=queue, AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]


def _subscribers(deployment: Deployment, channel: Json) -> list[str]:
    found = deployment.platform.sns.list_subscriptions_by_topic(TopicArn=channel["topic_arn"])
    return [subscription["Endpoint"] for subscription in found["Subscriptions"]]


def _disable(deployment: Deployment) -> None:
    deployment.callback_tasks.update_item(
        Key={"order_id": release.REGISTRATIONS, "task_type": NAME},
        UpdateExpression="SET enabled = :no",
        ExpressionAttributeValues={":no": False},
    )


def _refusal(deployment: Deployment, wait_state: Json) -> bool | None:
    """True once the dispatcher refuses new work.

    It is invoked directly, since the engine leaves a state waiting whose function fails, and with
    an invalid payload, so that nothing is registered as long as the channel is open.
    """
    time.sleep(1)
    platform = deployment.platform
    functions = platform.session.client("lambda", endpoint_url=platform.endpoint_url)
    event = {
        "token": "none",
        "execution_arn": "none",
        "input": {"order_id": str(uuid.uuid4()), "order_contents": {}},
    }
    invoked = functions.invoke(
        FunctionName=wait_state["Parameters"]["FunctionName"], Payload=json.dumps(event)
    )
    # By its message: the engine has one name for all exceptions.
    return f"the channel {NAME} is disabled" in invoked["Payload"].read().decode() or None


def _deployed(platform: Platform, outputs: Json) -> list[str]:
    deployment = outputs["deployment"]
    held = platform.deployment.platform.apigateway.get_deployment(
        restApiId=deployment["api_id"], deploymentId=deployment["id"], embed=["apisummary"]
    )
    return sorted(
        f"{method} {path}" for path, methods in held["apiSummary"].items() for method in methods
    )


def _declared(outputs: Json) -> list[str]:
    return sorted(f"POST /externalCallback/{task_type}" for task_type in outputs["channels"])
