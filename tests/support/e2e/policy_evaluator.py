"""Evaluates requests against IAM policies, with the evaluator of the engine that runs this.

Reads a JSON list of requests, each with policy, principal, action, resource and context (condition
key => value or values); `service` is the AWS service that calls, where it is one. Writes the list
of decisions: Allow, Deny or ImplicitDeny.
"""

import json
import sys
from typing import Any

from ministack.core import iam_evaluator


def decision(request: dict[str, Any]) -> str:
    context = iam_evaluator.EvalContext(
        principal_arn=request["principal"],
        principal_type="AssumedRole",
        principal_account=request["principal"].split(":")[4],
        action=request["action"],
        resource_arn=request["resource"],
        region="eu-west-1",
        source_ip="127.0.0.1",
        secure_transport=True,
        service_context={name.lower(): value for name, value in request["context"].items()},
    )
    policy = request["policy"]
    if any("Principal" in statement for statement in policy["Statement"]):
        evaluated = iam_evaluator.evaluate_resource_policy(policy, context, request["service"])
    else:
        evaluated = iam_evaluator.evaluate(context, [iam_evaluator.parse_policy_document(policy)])
    return str(evaluated.decision)


if __name__ == "__main__":
    json.dump([decision(request) for request in json.load(sys.stdin)], sys.stdout)
