"""An environment on AWS, as the walkthrough needs it."""

from tools.deploy import aws
from tools.devenv.walkthrough import Deployment
from tools.devenv.walkthrough import deployment as assemble


def deployment(
    environment: str, platform_profile: str | None, partner_profile: str, external_id: str
) -> Deployment:
    """Find a deployed environment and its partner.

    Raises:
        UserError: a root has no outputs: it is not applied.
    """
    platform = aws.applied(environment, "platform", platform_profile)
    partner = aws.applied(environment, "partner", partner_profile)
    return assemble(
        platform.account, partner.account, platform.outputs, partner.outputs, external_id
    )
