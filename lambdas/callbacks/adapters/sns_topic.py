"""A channel's topic on SNS."""

from collections.abc import Mapping

from callbacks.adapters.aws import ClientFactory, unavailable
from callbacks.domain.errors import DependencyUnavailable


class SNSTopic:
    """Topic over SNS; `client` makes or returns a client of SNS."""

    def __init__(self, client: ClientFactory, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, message: str, attributes: Mapping[str, str]) -> None:
        with unavailable(DependencyUnavailable, "Publish"):
            self._client().publish(
                TopicArn=self._topic_arn,
                Message=message,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )
