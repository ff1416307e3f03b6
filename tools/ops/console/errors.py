"""What went wrong, in words, and what the operator can do about it."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as AWSConnectionError
from callbacks.domain.errors import DependencyUnavailable

from tools.errors import UserError
from tools.ops.channels import NotFoundError

_LOGIN = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
)
_EXPIRED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_SLOWER = ("Throttl", "TooManyRequests", "ProvisionedThroughput", "RequestLimit", "SlowDown")


@dataclass(frozen=True, slots=True)
class Told:
    """`title` says what happened, `advice` what to do, `detail` what else was said of it."""

    title: str
    advice: str
    detail: str = ""
    status: int = 502


def told(error: Exception) -> Told:
    """For a page; only what is none of the known kinds is told by its class alone."""
    match error:
        case NotFoundError():
            return Told("There is no such thing", str(error), error.detail, 404)
        case UserError():
            return Told("That did not work", str(error), error.detail, 400)
        case ClientError():
            return _client_error(error)
        case _ if isinstance(error, _LOGIN):
            return Told(
                "There are no AWS credentials that serve",
                "Log in as you do for AWS, with the profile that the console was started with, "
                "and load the page again.",
                str(error),
            )
        case DependencyUnavailable(__cause__=BotoCoreError() | ClientError() as cause):
            return told(cause)
        case HTTPClientError() | AWSConnectionError() | DependencyUnavailable():
            return Told(
                "AWS could not be reached",
                "Load the page again in a moment. If the environment is the local one, see "
                "whether it is still up: make up.",
                str(error),
            )
        case BotoCoreError():
            return Told("AWS could not be asked", "Load the page again.", str(error))
    return Told(
        "The console failed",
        "Load the page again; the terminal it runs in has the reason.",
        type(error).__name__,
        500,
    )


def _client_error(error: ClientError) -> Told:
    code = error.response["Error"].get("Code", "")
    detail = str(error)
    if code in _EXPIRED:
        return Told(
            "AWS does not take these credentials",
            "They have expired or are of another account: log in again, and load the page again. "
            "If that does not help, start the console again.",
            detail,
        )
    if code.startswith(("AccessDenied", "AuthorizationError", "UnauthorizedOperation")):
        return Told(
            "You may not do this",
            "Your AWS identity lacks a permission, which is named below: use another profile, "
            "or ask whoever keeps the accounts for it.",
            detail,
        )
    if code.startswith(_SLOWER):
        return Told(
            "AWS is asked too much at the moment", "Load the page again in a minute.", detail
        )
    if "NotFound" in code or "NonExist" in code or "DoesNotExist" in code:
        return Told(
            "Something of the environment is not there",
            "Is it the right environment, region and prefix? They are options of the command "
            "callbacks, with which the console was started.",
            detail,
        )
    return Told("AWS refused", "Load the page again; what AWS said is below.", detail)
