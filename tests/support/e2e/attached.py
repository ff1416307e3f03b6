"""An environment whose roots Terraform plans and applies with providers that run already."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from tests.support import provider
from tools.deploy.terraform import Directory
from tools.devenv.environment import Environment
from tools.devenv.state import ACCOUNTS


@dataclass(frozen=True)
class AttachedEnvironment(Environment):
    """`attachments` are by the account's name, whose credentials its provider has."""

    attachments: Mapping[str, str]

    def root(self, name: str) -> Directory:
        root = super().root(name)
        return replace(root, environ={**root.environ, provider.ATTACHMENT: self.attachments[name]})


@contextmanager
def attached(environment: Environment) -> Iterator[AttachedEnvironment]:
    """Runs a provider for each account."""
    with ExitStack() as until_done:
        yield AttachedEnvironment(
            environment.directory,
            environment.engine_python,
            {
                name: until_done.enter_context(provider.running(environment.root(name)))
                for name in ACCOUNTS
            },
        )
