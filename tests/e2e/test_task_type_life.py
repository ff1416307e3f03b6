"""A task type from its command to its end, applied beside the environment's own channels."""

import json
import time
import uuid

import pytest

from tests.support.e2e.added_channel import NAME, AddedChannel, Platform
from tests.support.e2e.engine_gaps import KEEPS_SUBSCRIPTIONS_OF_OTHER_ACCOUNTS
from tests.support.e2e.waiting import waiting_on
from tools import Json
from tools.deploy import release
from tools.deploy.release import OpenTasksError
from tools.devenv.walkthrough import Deployment, until

ROUTE = f"POST /externalCallback/{NAME}"


def test_the_life_of_a_task_type(added_channel: AddedChannel) -> None:
    platform, outputs = added_channel.platform, added_channel.outputs
    channel, wait_state = added_channel.channel, added_channel.wait_state
    deployment = added_channel.deployment
    assert ROUTE in _deployed(platform, outputs)
    with waiting_on(deployment, "waits-on-gifts", wait_state, "order_contents") as waiting:
        completed, execution_arn = waiting.start(platform.example("request"))
        message = deployment.message_for(completed)
        response = deployment.partner.handle(message)
        assert response.status_code == 200, response.text
        assert deployment.finished(execution_arn)["status"] == "SUCCEEDED"

        waiting_order, _ = waiting.start(platform.example("request"))
        deployment.message_for(waiting_order)

    _disable(deployment)
    until(lambda: _refusal(deployment, wait_state), "the dispatcher refuses a disabled channel")

    platform.declare(partners=[])
    subscriber = added_channel.queue_arn
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
    assert completed not in str(refused.value)
    assert ROUTE in _deployed(platform, platform.root.outputs())

    outputs = platform.apply(NAME)
    assert NAME not in outputs["channels"]
    assert _deployed(platform, outputs) == _declared(outputs) != []
    assert ROUTE not in _deployed(platform, outputs)


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
