"""Plans of the environment's roots, as AWS would get them."""

import json

from tools import Json
from tools.devenv.environment import Environment

# What envs/local.tfvars sets for the engine's sake.
_AS_ON_AWS = {"platform": ["-var", "scope_send_task=true"], "partner": []}


def plan_for_aws(environment: Environment, root: str) -> Json:
    """A plan (`terraform show -json`) of what is applied, in which every ARN is known."""
    directory = environment.root(root)
    plan = environment.directory / f"{root}.for-aws.plan"
    options = ["-refresh=false", "-lock=false", "-input=false", "-no-color", f"-out={plan}"]
    directory.run("plan", *options, *environment.variables(root), *_AS_ON_AWS[root], quiet=True)
    shown: Json = json.loads(directory.run("show", "-json", str(plan), quiet=True))
    return shown
