"""An environment as the command `callbacks` sees it, on moto, with `operate` behind it."""

import io
import json
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from click.testing import CliRunner, Result

from tests.support.cloud import PREFIX, REGION
from tests.support.deployed import Deployed
from tests.support.services import intercepted
from tools.ops import app
from tools.ops.cli import shared
from tools.ops.place import Place

OPERATOR = "arn:aws:sts::111111111111:assumed-role/operator/robin"
WEBHOOK_GROUP = f"/aws/lambda/{PREFIX}-order-shipping-service-sentinel-review"


@dataclass
class InvokedFunctions:
    """A client of Lambda whose functions are those in this process."""

    deployed: Deployed
    fails: list[Exception] = field(default_factory=list)
    """What the next invocations raise, after they have done what they were asked."""

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        name = FunctionName.removeprefix(f"{PREFIX}-").replace("-", "_")
        printed = io.StringIO()
        with intercepted("sts") as sts, redirect_stdout(printed):
            sts.answers["GetCallerIdentity"] = {"Arn": OPERATOR}
            try:
                returned = self.deployed.call(name, json.loads(Payload))
            except Exception as error:  # As Lambda tells of it.
                said = {"errorType": type(error).__name__, "errorMessage": str(error)}
                body = json.dumps(said).encode()
                return {"FunctionError": "Unhandled", "Payload": io.BytesIO(body)}
            finally:
                self.deployed.printed += printed.getvalue()
        if self.fails:
            raise self.fails.pop(0)
        return {"Payload": io.BytesIO(json.dumps(returned).encode())}


@dataclass
class Operated:
    """`run` is the command in this process, with its exit status as a shell would have it."""

    deployed: Deployed
    place: Place
    functions: InvokedFunctions
    directory: Path
    monkeypatch: pytest.MonkeyPatch

    def run(self, *arguments: str, stdin: str | None = None) -> Result:
        def invoked(*_: Any, **__: Any) -> None:
            app.main()

        self.monkeypatch.setattr("sys.argv", ["callbacks", *arguments])
        return CliRunner().invoke(click.Command("callbacks", callback=invoked), [], input=stdin)

    def json(self, *arguments: str) -> Any:
        """What a successful command prints as JSON."""
        result = self.run("--json", *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def logs(self, group: str, *lines: dict[str, Any]) -> None:
        """Lines that a function has logged a moment ago."""
        client = self.place.client("logs")
        if not client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName="one")
        now = int(time.time() * 1000)
        events = [{"timestamp": now + at, "message": json.dumps(x)} for at, x in enumerate(lines)]
        client.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    def queue(self, name: str) -> str:
        return str(self.place.client("sqs").create_queue(QueueName=f"{PREFIX}-{name}")["QueueUrl"])

    def letter(self, url: str, body: str, reason: str | None = None) -> str:
        attributes = {"reason": {"DataType": "String", "StringValue": reason}} if reason else {}
        sent = self.place.client("sqs").send_message(
            QueueUrl=url, MessageBody=body, MessageAttributes=attributes
        )
        return str(sent["MessageId"])


def operated(deployed: Deployed, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Operated:
    session = boto3.Session("AKIAEXAMPLE", "testing", region_name=REGION)
    place = Place("test", PREFIX, session)
    functions = InvokedFunctions(deployed)
    place._clients["lambda"] = functions
    monkeypatch.setattr(shared, "find", lambda *_: place)
    monkeypatch.chdir(directory)
    return Operated(deployed, place, functions, directory, monkeypatch)
