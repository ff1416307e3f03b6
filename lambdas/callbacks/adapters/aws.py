"""Clients of AWS services, made when first needed, and the mapping of their errors.

The time-outs bound a call with the one repeat that the SDK makes and its backoff of a second at
most: 3.6 s, 5.6 s for SNS, STS and Secrets Manager. Step Functions is asked once, for 4.3 s: a
token whose response was lost is refused when it is sent again, and redelivery repeats what may be
repeated. A function is invoked once, and waited for. A callback's slowest path is four calls of
DynamoDB, two of Step Functions and one of SQS: 26.6 s, within the 28 s of external_callback and the
29 s of API Gateway.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from callbacks.domain.errors import DependencyUnavailable

CONNECT_TIMEOUT_SECONDS = 0.3
READ_TIMEOUT_SECONDS = {
    "dynamodb": 1,
    "lambda": 65,
    "secretsmanager": 2,
    "sns": 2,
    "sqs": 1,
    "stepfunctions": 4,
    "sts": 2,
}
TOTAL_ATTEMPTS = {"lambda": 1, "stepfunctions": 1}

ClientFactory = Callable[[], Any]


@cache
def _session() -> Session:
    return Session()


@cache
def client(service: str) -> Any:
    """The process's one client of `service`."""
    return _session().create_client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS[service],
            retries={"mode": "standard", "total_max_attempts": TOTAL_ATTEMPTS.get(service, 2)},
        ),
    )


def lazy(service: str) -> ClientFactory:
    """The client, made when it is first called for: a function's cold start pays for no other."""
    return partial(client, service)


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def unavailable[E: DependencyUnavailable](raised: type[E], operation: str) -> Iterator[None]:
    """Maps what the SDK raises to `raised`, without the service's text: it may quote a token."""
    try:
        yield
    except ClientError as error:
        raise raised(f"{operation}: {error_code(error)}") from None
    except BotoCoreError as error:
        raise raised(f"{operation}: {type(error).__name__}") from None
