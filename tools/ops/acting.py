"""Acts through the function `operate`, which alone may change anything and notes who and why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from callbacks.adapters.operations import BOUND_TO
from callbacks.usecases.operate import request_digest

from tools import Json
from tools.errors import UserError

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_lambda import LambdaClient

_IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
_FORM = "application/x-www-form-urlencoded; charset=utf-8"


class RefusedError(UserError):
    """The platform refused what was asked of it; nothing was done. `code` says what for."""

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(message, detail)
        self.code = code


@dataclass(frozen=True)
class Acting:
    """The operator's hand in one environment."""

    session: boto3.Session
    functions: LambdaClient
    sts_url: str
    function: str

    def act(self, action: str, reason: str, **members: Any) -> Any:
        """Have `operate` do it, and return its result.

        Raises:
            RefusedError: it was refused.
            UserError: the function failed, so that it may have been done or not.
        """
        event: Json = {"action": action, "reason": reason, **members}
        event["caller"] = signed_identity(self.session, self.sts_url, request_digest(event))
        response = self.functions.invoke(
            FunctionName=self.function, Payload=json.dumps(event).encode()
        )
        said = json.loads(response["Payload"].read())
        if "FunctionError" in response:
            kind, message = said.get("errorType", "Error"), said.get("errorMessage", "")
            if kind == "ValueError":
                raise RefusedError("invalid", message)
            raise UserError(f"{self.function} failed, look before you repeat this: {message}")
        if refused := said.get("refused"):
            errors = [f"{each['pointer']}: {each['reason']}" for each in refused.get("errors", [])]
            raise RefusedError(refused["code"], refused["detail"], "\n".join(errors))
        return said["result"]


def signed_identity(session: boto3.Session, sts_url: str, bound_to: str) -> dict[str, str]:
    """The headers of a GetCallerIdentity that serves for one event of `operate` only.

    Raises:
        UserError: there are no credentials.
    """
    credentials = session.get_credentials()
    if credentials is None:
        raise UserError("There are no AWS credentials: log in, or set AWS_PROFILE.")
    request = AWSRequest(
        "POST", f"{sts_url}/", data=_IDENTITY, headers={"Content-Type": _FORM, BOUND_TO: bound_to}
    )
    frozen = credentials.get_frozen_credentials()
    SigV4Auth(frozen, "sts", session.region_name).add_auth(request)
    return {name: value for name, value in request.headers.items() if name != BOUND_TO}
