"""Preflight: what each check finds in an account that is ready, and in one that lacks something."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import CliRunner, Result

from tests.support.services import Service, intercepted
from tools import REPOSITORY
from tools.errors import UserError
from tools.ops.app import cli
from tools.ops.cli import preflight as command
from tools.ops.place import NoEnvironmentError, Place
from tools.ops.preflight import checks, intended
from tools.ops.preflight.ground import Checked, Ground, Verdict
from tools.ops.preflight.topic_policy import Lets, lets

ACCOUNT, REGION = "333333333333", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
BOTH_SERVICES = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
INTENDED = intended.Intended(
    name="dev",
    account_id=ACCOUNT,
    region=REGION,
    prefix="callbacks-dev",
    alarm_topic_arns=[TOPIC],
    alarms=50,
    api_resources=4,
    api_resource_quota=300,
    reserved={"ORDER_SHIPPING_SERVICE": 20},
    reserved_for_callbacks=250,
    state_bucket="callbacks-tfstate-333333333333",
)
NO_SUCH_FUNCTION = {
    "Error": {"Code": "ResourceNotFoundException", "Message": ""},
    "ResponseMetadata": {"HTTPStatusCode": 404},
}


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Nothing here may reach a service."""


def policy(principal: Any = None, condition: Any = None, effect: str = "Allow") -> Any:
    """Of a topic, with one statement."""
    statement = {
        "Effect": effect,
        "Principal": {"Service": BOTH_SERVICES} if principal is None else principal,
        "Action": "SNS:Publish",
        "Resource": TOPIC,
    }
    return {"Statement": [statement | ({"Condition": condition} if condition else {})]}


def topic(**attributes: str) -> Any:
    return {"Attributes": {"Policy": json.dumps(policy()), **attributes}}


@dataclass
class Cloud:
    """An account that is ready, until a test changes what its services answer."""

    ground: Ground
    services: dict[str, Service]

    def answers(self, service: str, **answers: Any) -> None:
        self.services[service].answers.update(answers)

    def run(self, **changes: Any) -> list[Checked]:
        changed = replace(self.ground.intended, **changes)
        return list(checks.run(replace(self.ground, intended=changed)))

    def troubles(self, **changes: Any) -> list[Checked]:
        return [each for each in self.run(**changes) if each.verdict is not Verdict.OK]

    def trouble(self, **changes: Any) -> Checked:
        """The only one."""
        [found] = self.troubles(**changes)
        return found


@pytest.fixture(scope="module")
def place() -> Place:
    return Place("dev", "callbacks-dev", boto3.Session("testing", "testing", region_name=REGION))


@pytest.fixture
def cloud(place: Place) -> Iterator[Cloud]:
    names = ("apigateway", "cloudwatch", "lambda", "s3", "service-quotas", "sns", "sts")
    with ExitStack() as until_done:
        found = Cloud(
            Ground(place, INTENDED, REGION),
            {name: until_done.enter_context(intercepted(place.client(name))) for name in names},
        )
        found.answers(
            "sts",
            GetCallerIdentity={"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ada"},
        )
        found.answers("s3", HeadBucket={})
        found.answers("apigateway", GetAccount={"cloudwatchRoleArn": "arn:aws:iam::1:role/logs"})
        found.answers(
            "lambda",
            GetAccountSettings={
                "AccountLimit": {
                    "ConcurrentExecutions": 1000,
                    "UnreservedConcurrentExecutions": 1000,
                }
            },
            GetFunctionConcurrency=NO_SUCH_FUNCTION,
        )
        found.answers(
            "cloudwatch", GetMetricData=metrics(), DescribeAlarms={"MetricAlarms": alarms(10)}
        )
        found.answers("service-quotas", GetServiceQuota={"Quota": {"Value": 300.0}})
        found.answers(
            "sns",
            GetTopicAttributes=topic(),
            ListSubscriptionsByTopic={"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]},
        )
        yield found


def metrics(**newest: float) -> Any:
    results = [{"Id": name, "Values": [value, 1.0]} for name, value in newest.items()]
    return {"MetricDataResults": results}


def alarms(count: int, prefix: str = "other") -> list[Any]:
    return [{"AlarmName": f"{prefix}-{number}"} for number in range(count)]


def test_an_account_that_is_ready_has_no_trouble(cloud: Cloud) -> None:
    assert cloud.troubles() == []
    assert len(cloud.run()) == 2 + len(checks.CHECKS)


def test_without_credentials_nothing_else_is_asked(cloud: Cloud) -> None:
    cloud.services["sts"].refuse("GetCallerIdentity", "ExpiredToken", status=403)

    assert cloud.trouble().verdict is Verdict.FAILED
    assert not cloud.services["lambda"].calls


def test_without_a_connection_it_is_not_the_credentials_that_fail(cloud: Cloud) -> None:
    cloud.answers("sts", GetCallerIdentity=EndpointConnectionError(endpoint_url="x"))

    assert "could not be reached" in cloud.trouble().check


def test_another_account_is_not_looked_at(cloud: Cloud) -> None:
    found = cloud.trouble(account_id="444444444444")

    assert found.verdict is Verdict.FAILED
    assert ACCOUNT in found.check
    assert "444444444444" in found.check
    assert not cloud.services["lambda"].calls


@pytest.mark.parametrize(
    ("shell_region", "verdict"), [(None, Verdict.WARNING), ("us-east-1", Verdict.FAILED)]
)
def test_the_shell_is_to_have_the_region_of_the_settings(
    cloud: Cloud, shell_region: str | None, verdict: Verdict
) -> None:
    cloud.ground = replace(cloud.ground, shell_region=shell_region)

    found = cloud.trouble()
    assert found.verdict is verdict
    assert found.do == "export AWS_REGION=eu-west-1"


def test_the_bucket_for_the_state_is_made_by_bootstrap(cloud: Cloud) -> None:
    cloud.services["s3"].refuse("HeadBucket", "404", status=404)

    found = cloud.trouble()
    assert (found.verdict, found.do) == (Verdict.FAILED, "Run `make bootstrap ENV=dev`.")
    [(_, asked), *_] = cloud.services["s3"].calls
    assert asked["ExpectedBucketOwner"] == ACCOUNT


def test_the_role_that_writes_logs_is_made_by_bootstrap(cloud: Cloud) -> None:
    cloud.answers("apigateway", GetAccount={})

    found = cloud.trouble()
    assert (found.verdict, found.do) == (Verdict.FAILED, "Run `make bootstrap ENV=dev`.")


@pytest.mark.parametrize(
    ("unreserved", "verdicts"), [(370, []), (369, [Verdict.FAILED]), (10, [Verdict.FAILED])]
)
def test_what_is_reserved_leaves_a_hundred_unreserved(
    cloud: Cloud, unreserved: int, verdicts: list[Verdict]
) -> None:
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": unreserved}
    cloud.answers("lambda", GetAccountSettings={"AccountLimit": limits})

    assert [each.verdict for each in cloud.troubles()] == verdicts


def test_what_the_environment_has_reserved_already_counts_for_it(cloud: Cloud) -> None:
    limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 100}
    cloud.answers(
        "lambda",
        GetAccountSettings={"AccountLimit": limits},
        GetFunctionConcurrency={"ReservedConcurrentExecutions": 135},
    )

    assert cloud.troubles() == []
    asked = [params for name, params in cloud.services["lambda"].calls if "Concurrency" in name]
    assert [params["FunctionName"] for params in asked] == [
        "callbacks-dev-order-shipping-service",
        "callbacks-dev-external-callback",
    ]


def test_nothing_set_aside_fits_into_any_account(cloud: Cloud) -> None:
    limits = {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
    cloud.answers("lambda", GetAccountSettings={"AccountLimit": limits})

    assert cloud.trouble(reserved={}, reserved_for_callbacks=None).verdict is Verdict.FAILED
    limits["UnreservedConcurrentExecutions"] = 100
    assert cloud.troubles(reserved={}, reserved_for_callbacks=None) == []


@pytest.mark.parametrize(
    ("newest", "verdicts"),
    [
        ({"count": 799_999.0}, []),
        ({"count": 800_000.0}, [Verdict.WARNING]),
        ({"count": 1_000_000.0}, [Verdict.FAILED]),
        ({"count": 1_000_000.0, "limit": 5_000_000.0}, []),
    ],
)
def test_open_executions_stay_away_from_their_quota(
    cloud: Cloud, newest: dict[str, float], verdicts: list[Verdict]
) -> None:
    cloud.answers("cloudwatch", GetMetricData=metrics(**newest))

    assert [each.verdict for each in cloud.troubles()] == verdicts


@pytest.mark.parametrize(
    ("need", "told", "quota", "verdicts"),
    [
        (300, 300, 300.0, []),
        (301, 300, 600.0, [Verdict.FAILED]),
        (301, 600, 300.0, [Verdict.FAILED]),
        (100, 600, 300.0, [Verdict.WARNING]),
        (301, 600, 600.0, []),
    ],
)
def test_the_routes_fit_into_what_the_api_and_the_settings_take(
    cloud: Cloud, need: int, told: int, quota: float, verdicts: list[Verdict]
) -> None:
    cloud.answers("service-quotas", GetServiceQuota={"Quota": {"Value": quota}})

    found = cloud.troubles(api_resources=need, api_resource_quota=told)
    assert [each.verdict for each in found] == verdicts
    [(_, asked)] = cloud.services["service-quotas"].calls
    assert asked == {"ServiceCode": "apigateway", "QuotaCode": "L-01C8A9E0"}


def test_a_quota_that_was_never_raised_is_the_default(cloud: Cloud) -> None:
    cloud.services["service-quotas"].refuse("GetServiceQuota", "NoSuchResourceException")

    assert cloud.troubles() == []
    assert cloud.trouble(api_resources=301, api_resource_quota=600).verdict is Verdict.FAILED


def test_the_environments_own_alarms_are_not_counted_twice(cloud: Cloud) -> None:
    own = alarms(50, "callbacks-dev")
    cloud.answers("cloudwatch", DescribeAlarms={"MetricAlarms": [*alarms(4_950), *own]})
    assert cloud.troubles() == []

    cloud.answers("cloudwatch", DescribeAlarms={"MetricAlarms": alarms(4_951)})
    assert cloud.trouble().verdict is Verdict.WARNING


def test_alarms_without_a_destination_are_a_warning(cloud: Cloud) -> None:
    assert cloud.trouble(alarm_topic_arns=[]).verdict is Verdict.WARNING


def test_a_destination_that_does_not_exist(cloud: Cloud) -> None:
    cloud.services["sns"].refuse("GetTopicAttributes", "NotFound", status=404)

    found = cloud.trouble()
    assert (found.verdict, found.check) == (Verdict.FAILED, f"There is no topic {TOPIC}.")


def test_a_destination_in_another_region_is_not_reached(cloud: Cloud) -> None:
    elsewhere = TOPIC.replace(REGION, "us-east-1")

    assert cloud.trouble(alarm_topic_arns=[elsewhere]).verdict is Verdict.FAILED
    assert not cloud.services["sns"].calls


@pytest.mark.parametrize("subscriptions", [[], [{"SubscriptionArn": "PendingConfirmation"}]])
def test_a_destination_that_nobody_has_confirmed(
    cloud: Cloud, subscriptions: list[dict[str, str]]
) -> None:
    cloud.answers("sns", ListSubscriptionsByTopic={"Subscriptions": subscriptions})

    assert cloud.trouble().verdict is Verdict.FAILED


@pytest.mark.parametrize("service", BOTH_SERVICES)
def test_a_destination_whose_policy_lets_only_one_of_the_services_publish(
    cloud: Cloud, service: str
) -> None:
    allowed = json.dumps(policy({"Service": service}))
    cloud.answers("sns", GetTopicAttributes=topic(Policy=allowed))

    [other] = set(BOTH_SERVICES) - {service}
    found = cloud.trouble()
    assert found.verdict is Verdict.FAILED
    assert other in found.check


def test_the_policy_that_topics_are_made_with_lets_alarms_publish_and_no_rules(
    cloud: Cloud,
) -> None:
    made_with = policy({"AWS": "*"}, {"StringEquals": {"AWS:SourceOwner": ACCOUNT}})
    cloud.answers("sns", GetTopicAttributes=topic(Policy=json.dumps(made_with)))

    assert "events.amazonaws.com" in cloud.trouble().check


def test_a_fault_is_told_beside_a_permission_that_is_missing(cloud: Cloud) -> None:
    cloud.answers("sns", GetTopicAttributes=topic(KmsMasterKeyId="alias/aws/sns"))
    cloud.services["sns"].refuse("ListSubscriptionsByTopic", "AuthorizationError", status=403)

    assert [each.verdict for each in cloud.troubles()] == [Verdict.FAILED, Verdict.WARNING]


def test_a_key_that_no_service_may_use(cloud: Cloud) -> None:
    cloud.answers("sns", GetTopicAttributes=topic(KmsMasterKeyId="alias/aws/sns"))

    assert cloud.trouble().verdict is Verdict.FAILED


DENIED = {
    "HeadBucket": ("s3", "s3:ListBucket"),
    "GetAccount": ("apigateway", "apigateway:GET"),
    "GetAccountSettings": ("lambda", "lambda:GetAccountSettings"),
    "GetFunctionConcurrency": ("lambda", "lambda:GetFunctionConcurrency"),
    "GetMetricData": ("cloudwatch", "cloudwatch:GetMetricData"),
    "DescribeAlarms": ("cloudwatch", "cloudwatch:DescribeAlarms"),
    "GetServiceQuota": ("service-quotas", "servicequotas:GetServiceQuota"),
    "GetTopicAttributes": ("sns", "sns:GetTopicAttributes"),
    "ListSubscriptionsByTopic": ("sns", "sns:ListSubscriptionsByTopic"),
}


@pytest.mark.parametrize("operation", DENIED)
def test_a_permission_that_is_missing_is_named_and_the_others_are_checked(
    cloud: Cloud, operation: str
) -> None:
    service, action = DENIED[operation]
    cloud.services[service].refuse(operation, "AccessDeniedException", status=403)

    found = cloud.trouble()
    assert found.verdict is Verdict.WARNING
    assert action in found.do
    assert len(cloud.run()) == 2 + len(checks.CHECKS)


def test_a_service_that_fails_is_a_failure_and_the_others_are_checked(cloud: Cloud) -> None:
    cloud.answers("service-quotas", GetServiceQuota=EndpointConnectionError(endpoint_url="x"))
    cloud.services["apigateway"].refuse("GetAccount", "NotFoundException", status=404)

    assert [each.verdict for each in cloud.troubles()] == [Verdict.FAILED] * 2


def test_what_the_local_engine_lacks_is_told_as_such(cloud: Cloud) -> None:
    cloud.ground = replace(cloud.ground, place=replace(cloud.ground.place, name="local"))
    cloud.services["service-quotas"].refuse("GetServiceQuota", "400")

    found = cloud.trouble()
    assert found.verdict is Verdict.WARNING
    assert found.check == "The local engine has no GetServiceQuota."


@pytest.mark.parametrize(
    ("made", "answer"),
    [
        (policy({"Service": "cloudwatch.amazonaws.com"}), Lets.YES),
        (policy("*"), Lets.YES),
        (policy({"Service": "s3.amazonaws.com"}), Lets.NO),
        (policy(effect="Deny"), Lets.NO),
        (
            policy(condition={"ArnLike": {"aws:SourceArn": f"arn:aws:*:*:{ACCOUNT}:alarm:*"}}),
            Lets.YES,
        ),
        (policy(condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}), Lets.UNCLEAR),
        (policy(condition={"Bool": {"aws:SecureTransport": "true"}}), Lets.UNCLEAR),
        (
            {"Statement": [*policy()["Statement"], *policy(effect="Deny")["Statement"]]},
            Lets.NO,
        ),
        ({"Statement": {**policy()["Statement"][0], "Action": ["sns:Subscribe"]}}, Lets.NO),
    ],
)
def test_a_policy_lets_a_service_publish(made: Any, answer: Lets) -> None:
    known = {
        "aws:sourceaccount": ACCOUNT,
        "aws:sourcearn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:callbacks-dev-alarm",
    }
    assert lets(made, "cloudwatch.amazonaws.com", known) is answer


def test_what_is_intended_is_what_settings_and_channels_say() -> None:
    dev, prod = (intended.read(REPOSITORY, name) for name in ("dev", "prod"))

    assert (dev.account_id, dev.region, dev.prefix) == (ACCOUNT, REGION, "callbacks-dev")
    assert (dev.reserved_for_callbacks, prod.reserved_for_callbacks) == (250, 600)
    assert (dev.api_resources, dev.api_resource_quota) == (4, 300)
    assert dev.alarm_topic_arns == []
    assert prod.alarm_topic_arns == [f"arn:aws:sns:{REGION}:555555555555:platform-alarms"]
    assert dev.state_bucket == "callbacks-tfstate-333333333333"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what is read, to be changed."""
    for name in ("schemas", "statemachines", "terraform/roots/platform"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    return tmp_path


def edit(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text()))


def test_nothing_is_set_aside_for_callbacks_with_minus_one(repository: Path) -> None:
    edit(
        repository / "terraform/roots/platform/envs/dev.tfvars",
        lambda text: f"{text}\nexternal_callback = {{ reserved_concurrency = -1 }}\n",
    )
    assert intended.read(repository, "dev").reserved_for_callbacks is None


def test_channels_set_aside_for_their_dispatchers_and_add_routes(repository: Path) -> None:
    edit(
        repository / "schemas/ORDER_SHIPPING_SERVICE/channel.json",
        lambda text: json.dumps(
            json.loads(text) | {"reserved_concurrency": 7, "versions": ["v1", "v2"]}
        ),
    )
    found = intended.read(repository, "dev")
    assert found.reserved == {"ORDER_SHIPPING_SERVICE": 7}
    assert found.api_resources == 5


def test_an_environment_that_has_no_settings_is_refused_with_those_that_have() -> None:
    with pytest.raises(NoEnvironmentError, match="dev, local, prod"):
        intended.read(REPOSITORY, "staging")


def test_elsewhere_than_in_the_repository_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="in the repository"):
        intended.read(tmp_path, "dev")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("arguments", ["preflight --env dev", "--env dev preflight"])
def test_the_exit_status_says_whether_a_check_failed(
    arguments: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find", lambda *_: cloud.ground.place)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)

    ready = run("--json", *arguments.split())
    assert ready.exit_code == 0
    assert json.loads(ready.output)["environment"] == "dev"
    assert json.loads(ready.output)["failed"] == 0

    cloud.services["s3"].refuse("HeadBucket", "404", status=404)
    lacking = run(*arguments.split())
    assert lacking.exit_code == 1
    assert "make bootstrap ENV=dev" in lacking.output
