"""The policies that a plan gives its account: of its roles, and of its resources."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools import Json


@dataclass(frozen=True)
class Role:
    """A role of the plan, or a person with one of its policies; `policies` are by name."""

    arn: str
    policies: Mapping[str, Json]


@dataclass(frozen=True)
class Policies:
    """`roles` are by name, `of_resources` by ARN: of a role, the policy is its trust."""

    account_id: str
    roles: Mapping[str, Role]
    of_resources: Mapping[str, Json]

    def of(self, arn: str) -> Json | None:
        """The policy of a resource, or of the bucket that an object is in."""
        return self.of_resources.get(arn.partition("/")[0] if ":s3:::" in arn else arn)

    def everything(self) -> Iterator[tuple[str, Json]]:
        """Each policy, by whose it is."""
        yield from self.of_resources.items()
        for role in self.roles.values():
            yield from ((role.arn, policy) for policy in role.policies.values())


def resources(plan: Json, kind: str) -> dict[str, Json]:
    """What a plan (`terraform show -json`) wants of a type of resource: address => attributes."""
    return {
        resource["address"]: resource["values"]
        for resource in _resources(plan["planned_values"]["root_module"])
        if (resource["mode"], resource["type"]) == ("managed", kind)
    }


def policies(plan: Json, beside: Json) -> Policies:
    """All policies of a plan in which every ARN is known, and of the roles of one beside it.

    For each policy that the plan makes for people, `roles` has somebody with that policy and
    nothing else, by its name.
    """
    plans = (plan, beside)
    account_id = next(iter(resources(plan, "aws_iam_role").values()))["arn"].split(":")[4]
    roles = [
        {**role, "arn": f"arn:aws:iam::{account_id}:role{role['path']}{role['name']}"}
        for each in plans
        for role in resources(each, "aws_iam_role").values()
    ]
    attached = [
        values for each in plans for values in resources(each, "aws_iam_role_policy").values()
    ]
    queues = {values["url"]: values["arn"] for values in resources(plan, "aws_sqs_queue").values()}
    return Policies(
        account_id=account_id,
        roles={
            role["name"]: Role(
                role["arn"],
                {
                    values["name"]: json.loads(values["policy"])
                    for values in attached
                    if values["role"] == role["name"]
                },
            )
            for role in roles
        }
        | {
            values["name"]: Role(
                f"arn:aws:iam::{account_id}:role/{values['name']}",
                {values["name"]: json.loads(values["policy"])},
            )
            for values in resources(plan, "aws_iam_policy").values()
        },
        of_resources={
            **{role["arn"]: json.loads(role["assume_role_policy"]) for role in roles},
            **_policies(plan, "aws_kms_key", lambda values: values["arn"]),
            **_policies(plan, "aws_secretsmanager_secret_policy", lambda v: v["secret_arn"]),
            **_policies(plan, "aws_sns_topic_policy", lambda values: values["arn"]),
            # A queue has its policy itself, or as a resource of its own.
            **{
                queue["arn"]: json.loads(queue["policy"])
                for queue in resources(plan, "aws_sqs_queue").values()
                if queue["policy"]
            },
            **_policies(plan, "aws_sqs_queue_policy", lambda values: queues[values["queue_url"]]),
            **_policies(plan, "aws_s3_bucket_policy", lambda v: f"arn:aws:s3:::{v['bucket']}"),
            **_function_policies(plan),
        },
    )


def _policies(plan: Json, kind: str, arn: Any) -> dict[str, Json]:
    return {arn(values): json.loads(values["policy"]) for values in resources(plan, kind).values()}


def _function_policies(plan: Json) -> dict[str, Json]:
    """The policies that Lambda makes of permissions."""
    functions = {
        values["function_name"]: values["arn"]
        for values in resources(plan, "aws_lambda_function").values()
    }
    made: dict[str, Json] = {}
    for values in resources(plan, "aws_lambda_permission").values():
        arn = functions[values["function_name"]]
        policy = made.setdefault(arn, {"Version": "2012-10-17", "Statement": []})
        policy["Statement"].append(
            {
                "Sid": values["statement_id"],
                "Effect": "Allow",
                "Principal": {"Service": values["principal"]},
                "Action": values["action"],
                "Resource": arn,
                "Condition": {"ArnLike": {"AWS:SourceArn": values["source_arn"]}},
            }
        )
    return made


def _resources(module: Json) -> Iterator[Json]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)
