"""The console in a browser: opened by its start-up line, walked by keyboard, judged by axe-core."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.support.e2e.chromium import chromium, findings, reach
from tools.devenv.environment import Environment
from tools.devenv.walkthrough import TASK_TYPE, Deployment

COMMAND = Path(sys.executable).with_name("callbacks")
NARROW = {"width": 320, "height": 640}
LETTERS = "/dead-letters?queue=reports"


@dataclass(frozen=True)
class Started:
    process: "subprocess.Popen[str]"
    url: str

    @property
    def origin(self) -> str:
        return self.url.partition("/?")[0]


@contextmanager
def started(environment: Environment) -> Iterator[Started]:
    """The command as an operator runs it."""
    process = subprocess.Popen(
        [COMMAND, "--env", "local", "console"],
        env={**os.environ, "CALLBACKS_LOCAL": str(environment.directory)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    try:
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\?secret=\S+", line)
        assert found, line + process.stdout.read()
        yield Started(process, found[0])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def opened(browser: Browser, environment: Environment) -> Iterator[tuple[str, Any]]:
    """The console's origin, and what a browser keeps once it was opened there."""
    with started(environment) as console, browser.new_context() as context:
        page = context.new_page()
        page.goto(console.url)
        assert page.url == f"{console.origin}/"
        yield console.origin, context.storage_state()


@pytest.fixture
def page(browser: Browser, opened: tuple[str, Any]) -> Iterator[Page]:
    """A page that complains of nothing, such as of its own policies."""
    origin, storage = opened
    complaints: list[str] = []
    with browser.new_context(base_url=origin, storage_state=storage) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert complaints == []


@pytest.fixture
def waiting(deployment: Deployment) -> Iterator[tuple[str, str]]:
    """An order that waits for its partner, who never heard of it, and its execution."""
    order_id = str(uuid.uuid4())
    deployment.place_order(order_id)
    execution_arn = deployment.start(order_id)
    deployment.partner.delete(deployment.message_for(order_id))
    yield order_id, execution_arn
    if deployment.execution(execution_arn)["status"] == "RUNNING":
        deployment.platform.stepfunctions.stop_execution(executionArn=execution_arn)


@pytest.fixture
def letter(deployment: Deployment) -> Iterator[str]:
    """Of nobody, in the dead-letter queue of reports."""
    sqs = deployment.platform.session.client("sqs", endpoint_url=deployment.platform.endpoint_url)
    prefix = deployment.outputs["callback_tasks_table"].removesuffix("-CallbackTasks")
    url = sqs.get_queue_url(QueueName=f"{prefix}-reports-dead-letter")["QueueUrl"]
    body = json.dumps({"order_id": "order-of-nobody", "task_type": TASK_TYPE, "reason": "<b>none"})
    yield sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"]
    sqs.purge_queue(QueueUrl=url)


def test_it_says_nothing_but_its_address_and_ends_when_it_is_told_to(
    environment: Environment,
) -> None:
    with started(environment) as console:
        with requests.Session() as session:
            assert session.get(console.url, timeout=60).status_code == 200
            assert session.get(f"{console.origin}/nothing", timeout=60).status_code == 404
        assert requests.get(console.url, timeout=60).status_code == 403
        console.process.send_signal(signal.SIGINT)
        assert console.process.stdout
        rest = console.process.stdout.read()
        assert (rest, console.process.wait()) == ("Ctrl-C ends it.\n", 0)


def test_an_order_is_found_and_failed_by_keyboard_alone(
    page: Page, deployment: Deployment, waiting: tuple[str, str]
) -> None:
    order_id, execution_arn = waiting
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reach(page, "link", TASK_TYPE)
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile(TASK_TYPE))
    reach(page, "textbox", "Order id")
    page.keyboard.type(order_id)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Order {order_id}")

    reach(page, "textbox", "Code, such as LOST")
    page.keyboard.type("LOST")
    reach(page, "textbox", "Message")
    page.keyboard.type("<script>document.title = 'run'</script>")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("OPS-17: the carrier says so")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Confirm")
    assert deployment.execution(execution_arn)["status"] == "RUNNING"
    reach(page, "button", "Fail task")
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_contain_text("DELIVERED")
    ended = deployment.finished(execution_arn)
    assert ended["status"] == "FAILED"
    reach(page, "link", "Back to where this began")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("OPS-17: the carrier says so")
    expect(page.locator("main")).to_contain_text("FAILURE LOST")


def test_a_letter_is_dropped(page: Page, letter: str) -> None:
    page.goto(LETTERS)
    page.get_by_label(letter).check()
    page.get_by_label("drop: delete for good").check()
    page.get_by_label("Reason").fill("OPS-17: of nobody")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Drop 1 letter").click()

    expect(page.locator("main")).to_contain_text("Done: 1")
    page.goto(LETTERS)
    expect(page.locator("main")).not_to_contain_text(letter)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_finding_of_axe_core_or_is_wider_than_a_narrow_window(
    page: Page, waiting: tuple[str, str], letter: str, scheme: Any
) -> None:
    order_id, _ = waiting
    page.emulate_media(color_scheme=scheme)

    def judge() -> None:
        """As it is now, and at 400 % of a window of 1280 pixels."""
        assert findings(page) == [], page.url
        wide = page.viewport_size
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], page.url
        assert findings(page) == [], page.url
        page.set_viewport_size(wide)  # type: ignore[arg-type]

    for path in ("/", f"/channels/{TASK_TYPE}", f"/orders/{order_id}", LETTERS):
        page.goto(path)
        judge()
    expect(page.get_by_label(letter)).to_be_visible()
    # A callback that breaks the contract is refused, and its order is as it was.
    page.goto(f"/orders/{order_id}")
    page.get_by_label("Output, as JSON").fill('{"shipping_status": "LOST IN SPACE"}')
    page.get_by_label("Reason").first.fill("OPS-17")
    page.get_by_role("button", name="Complete").click()
    judge()
    page.get_by_role("button", name="Complete task").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Refused")
    judge()
    page.goto(f"/channels/{TASK_TYPE}?state=waiting&older_than=300d")
    judge()


def test_dark_is_dark_and_light_is_light(page: Page) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(map(int, re.findall(r"\d+", ground)))

    assert grounds["dark"] < 150
    assert grounds["light"] > 600


def test_another_browser_is_told_that_it_is_not_let_in(
    browser: Browser, opened: tuple[str, Any]
) -> None:
    origin, _ = opened
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(origin)

        expect(page.get_by_role("heading", level=1)).to_have_text("Not let in")
        assert findings(page) == []


def test_a_page_of_another_site_gets_nowhere(browser: Browser, opened: tuple[str, Any]) -> None:
    origin, storage = opened
    with browser.new_context(storage_state=storage) as context:
        page = context.new_page()
        page.route("http://attacker.example/", lambda route: route.fulfill(body="<p>hello"))
        page.goto("http://attacker.example/")

        statuses = page.evaluate(
            """origin => Promise.allSettled([fetch(origin + '/', {credentials: 'include'})])
                .then(([read]) => read.status)""",
            origin,
        )
        page.set_content(
            f"<form method=post action='{origin}/channels/{TASK_TYPE}'><button>go</button></form>"
        )
        with page.expect_response(lambda response: "/channels/" in response.url) as response:
            page.get_by_role("button").click()

    assert statuses == "rejected"
    assert response.value.status == 403
