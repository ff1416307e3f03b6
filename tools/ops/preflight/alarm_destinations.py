"""Checks of the topics that alarms notify, and detections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from tools.ops.preflight.ground import Checked, Ground, Verdict, asked
from tools.ops.preflight.topic_policy import Lets, lets

# The key that AWS manages for SNS lets no service publish.
MANAGED_KEY = "alias/aws/sns"


def alarm_destinations(ground: Ground) -> Iterator[Checked]:
    if not ground.intended.alarm_topic_arns:
        yield Checked(
            Verdict.WARNING,
            "No alarm has a destination: nobody is told.",
            "Name an SNS topic in alarm_topic_arns.",
        )
    for arn in ground.intended.alarm_topic_arns:
        yield from asked(ground, partial(_destination, arn=arn))


def _destination(ground: Ground, arn: str) -> Iterator[Checked]:
    """Of one topic, whose policy and key alarms and detections need."""
    if arn.split(":")[3] != ground.intended.region:
        yield Checked(
            Verdict.FAILED,
            f"{arn} is in another region: no alarm reaches it.",
            f"Name a topic in {ground.intended.region}.",
        )
        return
    client = ground.place.client("sns")
    try:
        attributes = client.get_topic_attributes(TopicArn=arn)["Attributes"]
    except client.exceptions.NotFoundException:
        yield Checked(Verdict.FAILED, f"There is no topic {arn}.", "Make it, or correct its ARN.")
        return
    wrong = [
        *_publishers(ground, arn, json.loads(attributes["Policy"])),
        *_key(arn, attributes.get("KmsMasterKeyId", "")),
    ]
    yield from wrong
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    if not any(
        each["SubscriptionArn"].startswith("arn:")
        for page in pages
        for each in page["Subscriptions"]
    ):
        yield Checked(
            Verdict.FAILED,
            f"{arn} has no confirmed subscription: nobody is told.",
            "Subscribe whoever is on call, and have it confirmed.",
        )
    elif not wrong:
        yield Checked(Verdict.OK, f"{arn} takes alarms, and somebody is told.")


def _publishers(ground: Ground, arn: str, policy: dict[str, Any]) -> Iterator[Checked]:
    account, region = ground.intended.account_id, ground.intended.region
    partition, prefix = arn.split(":")[1], ground.intended.prefix
    for service, source in {
        "cloudwatch.amazonaws.com": f"cloudwatch:{region}:{account}:alarm:{prefix}-alarm",
        "events.amazonaws.com": f"events:{region}:{account}:rule/{prefix}-key-changed",
    }.items():
        known = {
            "aws:sourceaccount": account,
            "aws:sourcearn": f"arn:{partition}:{source}",
            # Rules are not published in the owner's name, which the default policy asks for.
            **({"aws:sourceowner": account} if service.startswith("cloudwatch") else {}),
        }
        answer = lets(policy, service, known)
        if answer is not Lets.YES:
            yield Checked(
                Verdict.FAILED if answer is Lets.NO else Verdict.WARNING,
                f"The policy of {arn} does not let {service} publish"
                f"{'.' if answer is Lets.NO else ', or not on conditions that are known.'}",
                f"Allow sns:Publish to {service} there.",
            )


def _key(arn: str, key: str) -> Iterator[Checked]:
    if key.endswith(MANAGED_KEY):
        yield Checked(
            Verdict.FAILED,
            f"{arn} is encrypted with {MANAGED_KEY}: neither alarms nor rules can use it.",
            "Encrypt it with the platform's key or another of your own.",
        )
