"""Who gets at the console: one browser, by its own pages, and nobody else."""

import socket

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.support.channels import SHIPPING
from tests.support.console import OWN_FORM, PORT, Browser
from tools.errors import UserError
from tools.ops.console.security import HEADERS, MOST_BYTES, Secrets
from tools.ops.console.serve import listening

OWN = f"http://127.0.0.1:{PORT}"
CHANNEL = f"/channels/{SHIPPING}"

# Names that an attacker's DNS can make this machine's, and other spellings of its address.
OTHER_HOSTS = [
    f"attacker.example:{PORT}",
    f"127.0.0.1.attacker.example:{PORT}",
    f"localhost:{PORT}",
    f"0.0.0.0:{PORT}",
    f"[::1]:{PORT}",
    f"127.1:{PORT}",
    f"2130706433:{PORT}",
    f"127.0.0.1.:{PORT}",
    f"127.0.0.1:{PORT}@attacker.example",
    "127.0.0.1",
    "127.0.0.1:80",
    "",
]
OTHER_PAGES = {
    "of another site": {"Origin": "https://attacker.example", "Sec-Fetch-Site": "cross-site"},
    "of another port": {"Origin": f"http://127.0.0.1:{PORT + 1}", "Sec-Fetch-Site": "same-site"},
    "of another port, to an old browser": {"Origin": f"http://127.0.0.1:{PORT + 1}"},
    "of another name": {"Origin": f"http://localhost:{PORT}"},
    "by another scheme": {"Origin": f"https://127.0.0.1:{PORT}"},
    "of a file or a sandbox": {"Origin": "null"},
    "of a sandbox on the page": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "that say two things": {"Origin": "https://attacker.example", "Sec-Fetch-Site": "same-origin"},
    "without an origin, cross-site": {"Sec-Fetch-Site": "cross-site"},
    "without an origin, of another port": {"Sec-Fetch-Site": "same-site"},
}


def test_the_address_of_the_start_up_line_opens_the_console_and_leaves_no_secret_behind(
    stranger: Browser,
) -> None:
    response = stranger.client.get(stranger.guard.start_url)

    assert (response.status_code, response.headers["location"]) == (303, "/")
    cookie = response.headers["set-cookie"]
    session = stranger.console.secrets.session
    assert cookie.startswith(f"callbacks-console-{PORT}={session}; HttpOnly; Path=/;")
    assert "SameSite=strict" in cookie
    assert stranger.console.secrets.start not in cookie
    assert "Channels" in stranger.get("/")


def test_that_address_opens_it_for_one_browser_only(opened: Browser) -> None:
    another = TestClient(opened.guard, OWN, follow_redirects=False)

    assert another.get(opened.guard.start_url).status_code == 403
    assert another.get("/").status_code == 403
    assert opened.client.get(opened.guard.start_url).headers["location"] == "/"


@pytest.mark.parametrize("secret", ["", "guess", "é"])
def test_a_wrong_secret_opens_nothing_and_does_not_use_up_the_right_one(
    stranger: Browser, secret: str
) -> None:
    response = stranger.client.get("/", params={"secret": secret})

    assert response.status_code == 403
    assert "set-cookie" not in response.headers
    stranger.open()


def test_a_look_ahead_at_the_address_does_not_use_it_up(stranger: Browser) -> None:
    assert stranger.client.head(stranger.guard.start_url).status_code == 403
    stranger.open()


@pytest.mark.parametrize("path", ["/", CHANNEL, "/orders/x", "/deeds/x", "/style.css", "/nothing"])
@pytest.mark.parametrize("cookie", [None, "", "guess"])
def test_without_the_cookie_there_is_nothing(
    stranger: Browser, path: str, cookie: str | None
) -> None:
    if cookie is not None:
        stranger.client.cookies.set(stranger.guard.cookie, cookie)

    assert stranger.client.get(path).status_code == 403
    assert stranger.post(path, reason="x").status_code == 403


def test_the_cookie_of_another_console_opens_nothing(stranger: Browser) -> None:
    stranger.client.cookies.set(stranger.guard.cookie, Secrets().session)

    assert stranger.client.get("/").status_code == 403


@pytest.mark.parametrize("host", OTHER_HOSTS)
@pytest.mark.parametrize("path", ["/", "/?secret={secret}"])
def test_it_goes_by_no_other_name(opened: Browser, host: str, path: str) -> None:
    address = path.format(secret=opened.console.secrets.start)

    response = opened.client.get(address, headers={"Host": host})

    assert (response.status_code, "set-cookie" in response.headers) == (403, False)


@pytest.mark.parametrize("headers", OTHER_PAGES.values(), ids=OTHER_PAGES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_calls_of_other_pages_are_refused_even_with_the_cookie(
    opened: Browser, headers: dict[str, str], method: str
) -> None:
    data = {"form_token": opened.console.secrets.form, "reason": "x", "enabled": "no"}

    response = opened.client.request(method, CHANNEL, data=data, headers=headers)

    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "none"}])
def test_a_form_needs_an_origin(opened: Browser, headers: dict[str, str]) -> None:
    data = {"form_token": opened.console.secrets.form, "reason": "x", "enabled": "no"}

    assert opened.client.post(CHANNEL, data=data, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [OWN_FORM, {"Origin": OWN}, {"Sec-Fetch-Site": "same-origin"}])
def test_the_consoles_own_forms_are_taken(opened: Browser, headers: dict[str, str]) -> None:
    data = {"form_token": opened.console.secrets.form, "reason": "x", "enabled": "no"}

    assert opened.client.post(CHANNEL, data=data, headers=headers).status_code == 303


@pytest.mark.parametrize("token", [None, "", "guess"])
@pytest.mark.parametrize("path", [CHANNEL, "/orders/x", "/dead-letters", "/deeds/{deed}"])
def test_a_form_without_its_token_does_nothing(
    opened: Browser, path: str, token: str | None
) -> None:
    deed = opened.planned(CHANNEL, reason="x", enabled="no").rpartition("/")[2]
    data = {"reason": "x", "enabled": "no"} | ({} if token is None else {"form_token": token})

    response = opened.client.post(path.format(deed=deed), data=data, headers=OWN_FORM)

    assert response.status_code == 403
    assert opened.hand.calls == []


def test_a_token_in_the_address_is_none(opened: Browser) -> None:
    address = f"{CHANNEL}?form_token={opened.console.secrets.form}"

    assert opened.client.post(address, data={"reason": "x"}, headers=OWN_FORM).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"reason=x", "text/plain", 415),
        (b"reason=x", "", 415),
        (b"reason=%FF\xff", "application/x-www-form-urlencoded", 400),
        (b"a&" * 3000, "application/x-www-form-urlencoded", 400),
        (b"a" * (MOST_BYTES + 1), "application/x-www-form-urlencoded", 413),
    ],
)
def test_what_is_no_form_of_the_consoles_is_refused(
    opened: Browser, content: bytes, kind: str, status: int
) -> None:
    headers = {**OWN_FORM, "Content-Type": kind}

    assert opened.client.post(CHANNEL, content=content, headers=headers).status_code == status


def test_nobody_gets_a_socket(opened: Browser) -> None:
    with pytest.raises(WebSocketDisconnect), opened.client.websocket_connect("/"):
        pass


@pytest.mark.parametrize("path", ["/", "/style.css", "/nothing", "/orders/nobody", "/?secret=x"])
def test_every_response_keeps_browsers_from_running_keeping_or_framing_it(
    opened: Browser, path: str
) -> None:
    response = opened.client.get(path)

    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script" not in policy
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_nothing_that_is_printed_of_it_has_a_secret(opened: Browser) -> None:
    secrets = opened.console.secrets

    printed = f"{opened.guard!r} {secrets!r} {opened.console!r}"

    assert len({secrets.start, secrets.session, secrets.form}) == 3
    assert not [each for each in (secrets.start, secrets.session, secrets.form) if each in printed]


def test_it_listens_on_this_machine_only_and_says_if_a_port_is_taken() -> None:
    with listening(0) as listener:
        address, port = listener.getsockname()
        assert address == "127.0.0.1"
        assert listener.family is socket.AF_INET
        with pytest.raises(UserError, match=f"Port {port} cannot be had"):
            listening(port)
