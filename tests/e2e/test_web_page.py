"""What a web page, or who else lacks the secret, can do to the developer's machine: nothing."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.support.e2e.bench import Bench
from tools.devenv import ENGINE_PYTHON, engine
from tools.devenv.engine import SECRET_HEADER, Engine
from tools.devenv.environment import account
from tools.devenv.state import ACCOUNTS, REGION, forget_aws_configuration

ACCOUNT = ACCOUNTS["platform"]
FUNCTION = "failing"
DEVELOPERS = {
    "AWS_PROFILE": "developers-profile",
    "AWS_SESSION_TOKEN": "developers-token",
    "GITHUB_TOKEN": "developers-token",
    "SSH_AUTH_SOCK": "/developers/agent",
    "PYTHONPATH": "/developers/modules",
}
ENVIRONMENT = """
import os
def handler(event, context): return dict(os.environ)
"""

# What browsers add and pages cannot leave out, and what a page can reach by: DNS that the
# attacker answers, or another name of this machine.
OF_A_PAGE: dict[str, dict[str, str]] = {
    "of a page": {"Origin": "https://attacker.example"},
    "of a file": {"Origin": "null"},
    "of a page on this machine": {"Origin": "http://127.0.0.1:3000"},
    "of an image": {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
    "of a link": {"Sec-Fetch-Mode": "navigate"},
    "by a name of the attacker's": {"Host": "attacker.example:{port}"},
    "by another name of this machine": {"Host": "localhost.attacker.example:{port}"},
    "by all addresses": {"Host": "0.0.0.0:{port}"},
    "by no port": {"Host": "127.0.0.1"},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    forget_aws_configuration()
    directory = tmp_path_factory.mktemp("engine")
    with pytest.MonkeyPatch.context() as developer:
        for name, value in DEVELOPERS.items():
            developer.setenv(name, value)
        developer.setenv("HOME", "/developers/home")
        started = engine.spawn(ENGINE_PYTHON, directory, ACCOUNT, REGION)
    try:
        engine.wait(started, directory)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def bench(running: Engine) -> Bench:
    return Bench(running)


def functions(running: Engine) -> Any:
    platform: Any = account("platform", running).session
    return platform.client("lambda", endpoint_url=running.endpoint_url)


def names(running: Engine) -> list[str]:
    listed = send(CALLS["lists the functions"](running)).json()
    return [function["FunctionName"] for function in listed["Functions"]]


def signed(
    running: Engine,
    service: str,
    method: str = "GET",
    path: str = "/",
    body: bytes = b"",
    credentials: Credentials | None = None,
) -> requests.PreparedRequest:
    """A call of AWS, by default as the platform's account."""
    call = AWSRequest(method, running.endpoint_url + path, data=body)
    call.headers["Content-Type"] = "text/plain"
    SigV4Auth(credentials or Credentials(ACCOUNT, running.secret), service, REGION).add_auth(call)
    return requests.Request(method, call.url, dict(call.headers), data=body).prepare()


def unsigned(running: Engine, method: str, path: str) -> requests.PreparedRequest:
    return requests.Request(method, running.endpoint_url + path).prepare()


def send(request: requests.PreparedRequest) -> requests.Response:
    with requests.Session() as session:
        return session.send(request, timeout=60, allow_redirects=False)


def new_function(role: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("function.py", ENVIRONMENT)
    document = {
        "FunctionName": "theirs",
        "Runtime": "python3.13",
        "Handler": "function.handler",
        "Role": role,
        "Code": {"ZipFile": base64.b64encode(archive.getvalue()).decode()},
    }
    return json.dumps(document).encode()


CALLS: dict[str, Callable[[Engine], requests.PreparedRequest]] = {
    "makes a function": lambda running: signed(
        running,
        "lambda",
        "POST",
        "/2015-03-31/functions",
        new_function(f"arn:aws:iam::{ACCOUNT}:role/all"),
    ),
    "lists the functions": lambda running: signed(running, "lambda", path="/2015-03-31/functions/"),
    "forgets everything": lambda running: unsigned(running, "POST", "/_ministack/reset"),
    "reads messages": lambda running: unsigned(running, "GET", "/_aws/sqs/messages"),
    "asks before it calls": lambda running: unsigned(running, "OPTIONS", "/"),
    "asks for the keys of tokens": lambda running: unsigned(
        running, "GET", "/eu-west-1_0/.well-known/jwks.json"
    ),
    "asks for a token": lambda running: unsigned(running, "POST", "/oauth2/token"),
    "calls an API": lambda running: unsigned(running, "POST", "/_aws/execute-api/abc/local/"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("headers", OF_A_PAGE.values(), ids=OF_A_PAGE)
def test_a_call_of_a_page_runs_nothing_and_learns_nothing(
    running: Engine,
    bench: Bench,
    headers: dict[str, str],
    call: Callable[[Engine], requests.PreparedRequest],
) -> None:
    assert bench.failing_function
    request = call(running)
    # Even who knows the secret.
    request.headers[SECRET_HEADER] = running.secret
    request.headers.update({name: one.format(port=running.port) for name, one in headers.items()})

    response = send(request)

    assert response.status_code == 403
    assert response.text.startswith("The local environment ")
    assert not {"failing", "Functions"} & set(response.text.split('"'))
    assert not [name for name in response.headers if name.lower().startswith("access-control")]
    assert names(running) == [FUNCTION]


def test_the_same_calls_of_no_page_are_taken(running: Engine, bench: Bench) -> None:
    assert bench.failing_function

    listed = send(CALLS["lists the functions"](running))
    made = send(CALLS["makes a function"](running))

    assert [one["FunctionName"] for one in listed.json()["Functions"]] == [FUNCTION]
    assert made.status_code == 201
    functions(running).delete_function(FunctionName="theirs")


def test_a_page_opens_no_socket(running: Engine) -> None:
    platform: Any = account("platform", running).session
    apis = platform.client("apigatewayv2", endpoint_url=running.endpoint_url)
    id_ = apis.create_api(
        Name="sockets", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    apis.create_stage(ApiId=id_, StageName="local", AutoDeploy=True)
    request = unsigned(running, "GET", f"/_aws/execute-api/{id_}/local")
    request.headers.update(
        {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "c2l4dGVlbi1ieXRlcy4uLg==",
            "Sec-WebSocket-Version": "13",
        }
    )

    assert send(request).status_code == 403


WITHOUT_THE_SECRET: dict[str, Callable[[Engine], requests.PreparedRequest]] = {
    "unsigned": lambda running: unsigned(running, "GET", "/2015-03-31/functions/"),
    "unsigned, to the engine itself": lambda running: unsigned(
        running, "POST", "/_ministack/reset"
    ),
    "unsigned, about its health": lambda running: unsigned(running, "GET", "/_ministack/health"),
    "presigned": lambda running: unsigned(
        running,
        "GET",
        f"/2015-03-31/functions/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ACCOUNT}"
        "/20260101/eu-west-1/lambda/aws4_request&X-Amz-Signature=0",
    ),
    "as a role that nobody assumed, to the engine itself": lambda running: signed(
        running,
        "sts",
        "POST",
        "/_ministack/reset",
        credentials=Credentials("ASIA0000000000000000", "test", "token"),
    ),
    "of another method's signature": lambda running: requests.Request(
        "DELETE",
        f"{running.endpoint_url}/2015-03-31/functions/",
        dict(signed(running, "lambda", path="/2015-03-31/functions/").headers),
    ).prepare(),
    **{
        f"as {name}": lambda running, credentials=credentials: signed(  # type: ignore[misc]
            running, "lambda", path="/2015-03-31/functions/", credentials=credentials
        )
        for name, credentials in {
            "an account": Credentials(ACCOUNT, "test"),
            "another account": Credentials("444444444444", "test"),
            "test": Credentials("test", "test"),
            "a role that nobody assumed": Credentials("ASIA0000000000000000", "test", "token"),
        }.items()
    },
}


@pytest.mark.parametrize("call", WITHOUT_THE_SECRET.values(), ids=WITHOUT_THE_SECRET)
def test_a_call_without_the_secret_runs_nothing_and_learns_nothing(
    running: Engine, bench: Bench, call: Callable[[Engine], requests.PreparedRequest]
) -> None:
    assert bench.failing_function

    response = send(call(running))

    assert response.status_code == 403
    assert FUNCTION not in response.text
    assert names(running) == [FUNCTION]


@pytest.mark.parametrize("path", ["/_aws/execute-api/abc/local/", "/oauth2/token"])
def test_what_is_public_is_not_called_as_an_account_without_its_secret(
    running: Engine, path: str
) -> None:
    guessed = Credentials(ACCOUNT, "test")
    scope = f"{ACCOUNT}/20260101/{REGION}/execute-api/aws4_request"

    in_header = send(signed(running, "execute-api", "POST", path, credentials=guessed))
    in_query = send(unsigned(running, "POST", f"{path}?X-Amz-Credential={scope}"))

    assert (in_header.status_code, in_query.status_code) == (403, 403)
    assert "evaluate `make -s env` again" in in_header.text
    assert "takes no presigned calls" in in_query.text


def test_the_keys_that_verify_tokens_are_public(running: Engine) -> None:
    platform: Any = account("platform", running).session
    pools = platform.client("cognito-idp", endpoint_url=running.endpoint_url)
    pool_id = pools.create_user_pool(PoolName="pool")["UserPool"]["Id"]

    # The engine itself fetches them by this name.
    keys = requests.get(
        f"http://localhost:{running.port}/{pool_id}/.well-known/jwks.json", timeout=60
    ).json()["keys"]

    assert {key["alg"] for key in keys} == {"RS256"}


def test_who_has_an_old_secret_is_told_what_to_do(running: Engine) -> None:
    old: Any = boto3.Session(ACCOUNT, "of-an-older-environment", region_name=REGION)

    with pytest.raises(ClientError, match="evaluate `make -s env` again"):
        old.client("sqs", endpoint_url=running.endpoint_url).list_queues()


@pytest.mark.usefixtures("bench")
def test_a_session_of_a_role_is_known_by_its_own_secret(running: Engine) -> None:
    assumed = account("platform", running).sts.assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/all", RoleSessionName="session"
    )["Credentials"]
    key_id, secret, token = (
        assumed["AccessKeyId"],
        assumed["SecretAccessKey"],
        assumed["SessionToken"],
    )
    of_it, of_another = Credentials(key_id, secret, token), Credentials(key_id, secret[::-1], token)

    def listed(credentials: Credentials) -> int:
        request = signed(running, "lambda", path="/2015-03-31/functions/", credentials=credentials)
        return send(request).status_code

    assert (listed(of_it), listed(of_another)) == (200, 403)


@pytest.mark.usefixtures("bench")
def test_a_function_runs_without_what_is_the_developers(running: Engine) -> None:
    client = functions(running)
    made = send(CALLS["makes a function"](running)).json()
    environ = json.load(client.invoke(FunctionName="theirs")["Payload"])
    client.delete_function(FunctionName="theirs")
    guessed = hashlib.sha256(f"{made['FunctionArn']}:{made['Role']}".encode()).hexdigest()
    known = (running.secret, hashlib.sha256(f"secret:{guessed}".encode()).hexdigest())

    assert environ["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert Path(environ["HOME"]).is_relative_to(Path(environ["TMPDIR"]).parent)
    assert not [name for name, value in environ.items() if "developers" in value or value in known]


def test_the_engine_runs_without_what_is_the_developers(running: Engine) -> None:
    environ = psutil.Process(running.pid).environ()

    assert Path(environ["HOME"]).is_dir()
    assert not [name for name, value in environ.items() if "developers" in value]


def test_the_secret_is_in_no_file_of_the_engines(running: Engine, bench: Bench) -> None:
    assert bench.ended(bench.start(Resource=bench.failing_function))
    directory = Path(psutil.Process(running.pid).environ()["HOME"]).parent
    files = [path for path in directory.rglob("*") if path.is_file()]

    assert directory / "engine.log" in files
    assert not [path for path in files if running.secret.encode() in path.read_bytes()]


def test_it_listens_on_one_address_of_this_machine_only(running: Engine, bench: Bench) -> None:
    assert bench.ended(bench.start(Resource=bench.failing_function))
    process = psutil.Process(running.pid)

    listening = {
        tuple(connection.laddr)
        for member in (process, *process.children(recursive=True))
        for connection in member.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {("127.0.0.1", running.port)}


def test_it_wants_no_other_port(running: Engine) -> None:
    health = requests.get(
        f"{running.endpoint_url}/_ministack/health",
        headers={SECRET_HEADER: running.secret},
        timeout=60,
    ).json()

    # Its listener for MQTT is on all interfaces, if another engine does not have the port.
    assert health["iot_mtls"] == "disabled"


def test_each_environment_has_a_secret_of_its_own(running: Engine, tmp_path: Path) -> None:
    other = engine.spawn(ENGINE_PYTHON, tmp_path, ACCOUNT, REGION)
    other.stop()

    assert len(other.secret) >= 40
    assert other.secret != running.secret
    assert other.secret not in repr(other)
