"""Plans of the environment's roots, as AWS would get them."""

import json
import shutil

from tools import Json
from tools.deploy.terraform import LOCK_FILE, MODULES, Directory
from tools.devenv.environment import Environment
from tools.devenv.state import ACCOUNTS

ACCOUNT_ID = ACCOUNTS["platform"]
# Not as envs/local.tfvars has them for the engine's sake, and with the options that restrict.
_AS_ON_AWS: Json = {
    "platform": {
        "partners": {
            "acme-shipping": {
                "account_id": ACCOUNTS["partner"],
                "external_id": "local-acme-shipping",
                "source_ranges": ["198.51.100.0/24"],
            },
            "sentinel-review": {"webhook_url": "/sentinel-review"},
        },
        "scope_send_task": True,
        "secret_readers": [f"arn:aws:iam::{ACCOUNT_ID}:role/deploy-callbacks-local"],
        "webhook_network": {"security_group_ids": ["sg-1"], "subnet_ids": ["subnet-1"]},
    },
    "partner": {},
}


def plan_for_aws(environment: Environment, root: str) -> Json:
    """A plan (`terraform show -json`) of what is applied, in which every ARN is known."""
    variables = [f"-var={name}={json.dumps(value)}" for name, value in _AS_ON_AWS[root].items()]
    options = ["-refresh=false", "-lock=false", *environment.variables(root), *variables]
    return _planned(environment, environment.root(root), root, options)


def plan_of_deploy_role(environment: Environment) -> Json:
    """A plan of the role that applies the platform, which an administrator may assume."""
    path = environment.directory / "deploy-role"
    path.mkdir(exist_ok=True)
    shutil.copy(LOCK_FILE, path)
    module = {
        "source": str(MODULES / "deploy-role"),
        "account_id": ACCOUNT_ID,
        "name_prefix": "callbacks-local",
        "region": "eu-west-1",
        "state_bucket": f"callbacks-tfstate-{ACCOUNT_ID}",
        "trusted_arns": [f"arn:aws:iam::{ACCOUNT_ID}:role/administrator"],
    }
    main = {"provider": {"aws": {"region": "eu-west-1"}}, "module": {"deploy_role": module}}
    (path / "main.tf.json").write_text(json.dumps(main))
    directory = Directory(path, path / "data", environment.root("platform").environ)
    directory.init()
    return _planned(environment, directory, "deploy-role", [])


def _planned(environment: Environment, directory: Directory, name: str, options: list[str]) -> Json:
    plan = environment.directory / f"{name}.for-aws.plan"
    directory.run("plan", "-input=false", "-no-color", f"-out={plan}", *options, quiet=True)
    shown: Json = json.loads(directory.run("show", "-json", str(plan), quiet=True))
    return shown
