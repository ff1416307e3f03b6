"""What there is to reach: a task that waits on each kind of channel, and the state of it all."""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tests.support.e2e.added_channel import NAME, AddedChannel
from tests.support.e2e.callers import ADMINISTRATOR, Callers, everyone
from tests.support.e2e.waiting import waiting_on
from tests.support.e2e.webhooks import handed_over, listening
from tools import Json
from tools.devenv import review_walkthrough, walkthrough
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import Deployment
from tools.devenv.webhooks import HandedOver

SHIPPING, REVIEW, CUSTOMS = walkthrough.TASK_TYPE, review_walkthrough.TASK_TYPE, NAME
REVIEW_PARTNER, REVIEW_WORKFLOW = review_walkthrough.PARTNER, review_walkthrough.WORKFLOW


@dataclass(frozen=True)
class WaitingTask:
    """A task of one channel that a workflow waits on."""

    task_type: str
    order_id: str
    execution_arn: str
    callback_url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class AccessHarness:
    """`tasks` are by task type; `task` is the one that calls are about."""

    callers: Callers
    handed: HandedOver
    tasks: dict[str, WaitingTask]
    task: WaitingTask
    spare_orders: set[str] = field(default_factory=set)

    @property
    def platform(self) -> Deployment:
        return self.callers.other

    @cached_property
    def account_id(self) -> str:
        return str(self.platform.platform.sts.get_caller_identity()["Account"])

    @cached_property
    def user_pool_id(self) -> str:
        pools = self.administrator("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
        (own,) = (pool["Id"] for pool in pools if pool["Name"].endswith("-partners"))
        return str(own)

    @cached_property
    def key_arn(self) -> str:
        functions = self.administrator("lambda").list_functions(MaxItems=50)["Functions"]
        (key_arn,) = {function["KMSKeyArn"] for function in functions}
        return str(key_arn)

    def channel(self, task_type: str = SHIPPING) -> Json:
        channel: Json = self.platform.outputs["channels"][task_type]
        return channel

    def administrator(self, service: str) -> Any:
        return self.callers.client(ADMINISTRATOR, service)

    def with_spare_task(self) -> "AccessHarness":
        """The harness about a task of its own, which may be completed."""
        task = _shipping(self.callers.platform)
        self.spare_orders.add(task.order_id)
        return replace(self, task=task)

    def state(self) -> Json:
        """All that an attack might change, without task tokens."""
        platform = self.platform
        tasks = platform.callback_tasks.scan(ConsistentRead=True)["Items"]
        orders = platform.orders.scan(ConsistentRead=True)["Items"]
        functions = self.administrator("lambda").list_functions(MaxItems=50)["Functions"]
        roles = self.administrator("iam").list_roles()["Roles"]
        return {
            "tasks": {
                (item["order_id"], item["task_type"]): _without_token(item)
                for item in tasks
                if item["order_id"] not in self.spare_orders
            },
            "orders": {
                item["order_id"]: item
                for item in orders
                if item["order_id"] not in self.spare_orders
            },
            "executions": {
                task_type: platform.execution(task.execution_arn)["status"]
                for task_type, task in self.tasks.items()
            },
            "subscriptions": {
                task_type: _subscribers(platform, channel["topic_arn"])
                for task_type, channel in platform.outputs["channels"].items()
            },
            "functions": {
                function["FunctionName"]: [function["CodeSha256"], function.get("Environment")]
                for function in functions
            },
            "roles": {role["RoleName"]: role["AssumeRolePolicyDocument"] for role in roles},
        }


@contextmanager
def set_up(
    environment: Environment, deployment: Deployment, added: AddedChannel
) -> Iterator[AccessHarness]:
    """A task waits on a channel of each partner: with an account, another with one, without."""
    with ExitStack() as until_done:
        review_partner = until_done.enter_context(
            listening(deployment, REVIEW, REVIEW_PARTNER, environment.webhook_port, lambda _: {})
        )
        customs = until_done.enter_context(
            waiting_on(added.deployment, "waits-on-customs", added.wait_state, "order_contents")
        )

        order_id = str(uuid.uuid4())
        deployment.place_order(order_id, REVIEW)
        review_partner.statuses[order_id] = [202]
        execution_arn = deployment.start(order_id, REVIEW_WORKFLOW)
        event = review_partner.event(order_id)
        tasks = [_task(deployment, event, execution_arn), _shipping(deployment)]

        order_id, execution_arn = customs.start(added.platform.example("request"))
        message = added.deployment.message_for(order_id)
        added.deployment.partner.delete(message)
        tasks.append(_task(deployment, message.event, execution_arn))

        harness = AccessHarness(
            everyone(environment, deployment, added.deployment),
            handed_over(deployment, REVIEW, REVIEW_PARTNER),
            {task.task_type: task for task in tasks},
            tasks[1],
        )
        yield harness
        for task in tasks:
            deployment.platform.stepfunctions.stop_execution(executionArn=task.execution_arn)


def _shipping(deployment: Deployment) -> WaitingTask:
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id)
    execution_arn = deployment.start(order_id)
    message = deployment.message_for(order_id)
    deployment.partner.delete(message)
    return _task(deployment, message.event, execution_arn)


def _task(deployment: Deployment, event: Json, execution_arn: str) -> WaitingTask:
    order_id, task_type = event["subject"], event["tasktype"]
    found = deployment.callback_tasks.get_item(
        Key={"order_id": order_id, "task_type": task_type}, ConsistentRead=True
    )["Item"]
    return WaitingTask(
        task_type, order_id, execution_arn, event["callbackurl"], str(found["task_token"])
    )


def _without_token(item: Any) -> Json:
    token = item.get("task_token")
    digest = token and hashlib.sha256(token.encode()).hexdigest()
    return {**item, "task_token": digest}


def _subscribers(deployment: Deployment, topic_arn: str) -> list[str]:
    found = deployment.platform.sns.list_subscriptions_by_topic(TopicArn=topic_arn)
    return sorted(subscription["Endpoint"] for subscription in found["Subscriptions"])
