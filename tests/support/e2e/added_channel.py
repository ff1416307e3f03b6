"""A channel that the tests add to the environment: another task type, of another partner."""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tools import REPOSITORY, Json
from tools.contracts import new_task_type, tree
from tools.deploy import release
from tools.deploy.accounts import Account
from tools.deploy.terraform import ROOTS, Directory
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import Deployment, reference_partner

NAME = "TYPE_THAT_A_TEST_ADDS"
PARTNER_NAME = "globex-customs"
PARTNER_ACCOUNT = "333333333333"
EXTERNAL_ID = "local-globex-customs"
SOURCES = ("dist", "lambdas", "schemas", "statemachines", "terraform")


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

    def declare(self, **changes: object) -> None:
        """Change settings of the added task type."""
        path = self.sources / tree.channel(NAME)
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    def forget(self) -> None:
        """Take the added task type out again."""
        shutil.rmtree(self.sources / tree.SCHEMAS / NAME, ignore_errors=True)

    def example(self, kind: str) -> Json:
        examples = self.sources / tree.Version(NAME, "v1").examples("valid")
        document: Json = json.loads((examples / f"{kind}.json").read_text())
        return document


@dataclass(frozen=True)
class AddedChannel:
    """`deployment` has the channel's partner, whose queue is subscribed to the topic.

    `outputs` are those of the platform's root once the channel was added.
    """

    platform: Platform
    outputs: Json
    deployment: Deployment

    @property
    def channel(self) -> Json:
        channel: Json = self.outputs["channels"][NAME]
        return channel

    @property
    def wait_state(self) -> Json:
        state: Json = self.outputs["wait_states"][NAME]
        return state

    @property
    def queue_arn(self) -> str:
        return queue_arn(self.deployment.partner_account, self.deployment.partner.queue_url)


@contextmanager
def added(
    environment: Environment, deployment: Deployment, directory: Path
) -> Iterator[AddedChannel]:
    """Adds the channel as `make new-task-type` and `make apply` do, and takes it away again."""
    for folder in SOURCES:
        shutil.copytree(
            REPOSITORY / folder, directory / folder, ignore=shutil.ignore_patterns(".terraform")
        )
    root = replace(
        environment.root("platform"),
        path=directory / ROOTS.relative_to(REPOSITORY) / "platform",
        data_dir=directory / ".terraform",
        log=environment.directory / "terraform-task-type.log",
    )
    root.init(f"-backend-config={root.path / 'envs' / 'local.s3.tfbackend'}")
    # What the engine drops is none of these tests' business, and reading it takes long.
    options = ["-auto-approve", "-input=false", "-no-color", "-refresh=false"]
    platform = Platform(
        root, deployment, [*options, *environment.variables("platform", roots=root.path.parent)]
    )
    for settings in (root.path / "envs").glob("*.tfvars"):
        settings.write_text(_with_partner(settings.read_text()))
    new_task_type.add(platform.sources, NAME, partner=PARTNER_NAME)
    outputs = platform.apply()
    account = Account(environment.session(PARTNER_ACCOUNT), deployment.platform.endpoint_url)
    partner = reference_partner(
        account,
        _subscribed_queue(account, outputs["channels"][NAME]),
        outputs["channels"][NAME]["callback_roles"][PARTNER_NAME],
        EXTERNAL_ID,
        lambda _: platform.example("output"),
    )
    yield AddedChannel(
        platform,
        outputs,
        replace(deployment, partner_account=account, partner=partner, outputs=outputs),
    )
    account.sqs.delete_queue(QueueUrl=partner.queue_url)
    platform.forget()  # A test that failed leaves the channel behind.
    if NAME in root.outputs()["channels"]:
        platform.apply(NAME)
    for task in release.open_tasks(deployment.platform, root.outputs(), [NAME]):
        deployment.callback_tasks.delete_item(Key={"order_id": task.order_id, "task_type": NAME})


def queue_arn(account: Account, url: str) -> str:
    """The ARN of a queue."""
    return account.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]


def _with_partner(settings: str) -> str:
    """The text of an environment's tfvars with one partner more."""
    partner = json.dumps({"account_id": PARTNER_ACCOUNT, "external_id": EXTERNAL_ID})
    return settings.replace("partners = {\n", f"partners = {{\n  {PARTNER_NAME} = {partner}\n")


def _subscribed_queue(account: Account, channel: Json) -> str:
    url = account.sqs.create_queue(QueueName=f"customs-{time.time_ns()}")["QueueUrl"]
    arn = queue_arn(account, url)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": channel["topic_arn"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    account.sns.subscribe(TopicArn=channel["topic_arn"], Protocol="sqs", Endpoint=arn)
    return url
