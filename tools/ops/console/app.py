"""The console's routes: pages over the read model, and deeds that the operator confirms."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from botocore.exceptions import BotoCoreError, ClientError
from callbacks.domain.errors import DependencyUnavailable
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tools import Json
from tools.errors import UserError
from tools.ops import dead_letters, durations, figures, tasks
from tools.ops.channels import NotFoundError, registration, registrations
from tools.ops.console import forms
from tools.ops.console.deeds import Acts, Deed, Deeds, State, about_letters
from tools.ops.console.errors import Told, told
from tools.ops.console.security import Guard, Secrets
from tools.ops.health import health, healths
from tools.ops.logs import MOST_LINES
from tools.ops.open_tasks import OpenTasks
from tools.ops.open_tasks import State as TaskState
from tools.ops.place import Place
from tools.ops.timeline import instant

HERE = Path(__file__).parent
TASKS_A_PAGE = 25
LETTERS_SHOWN = 100
_FILES = ("icon.svg", "style.css")
_SEE_OTHER = 303
_SERVICES = ("dynamodb", "lambda", "logs", "sqs", "sts")
_TOLD = (BotoCoreError, ClientError, DependencyUnavailable, UserError)


@dataclass(frozen=True)
class Console:
    """The pages of one environment, for one operator. All pages are made in threads."""

    place: Place
    acts: Acts
    secrets: Secrets = field(default_factory=Secrets)
    deeds: Deeds = field(default_factory=Deeds)

    def warm(self) -> None:
        """Makes the clients, which takes seconds, before the first page asks for them."""
        for service in _SERVICES:
            self.place.client(service)

    def guarded(self, port: int) -> Guard:
        """The application as it is served on a port of 127.0.0.1."""
        app = Starlette(
            routes=[
                Route("/", self._overview),
                *(Route(f"/{name}", _file) for name in _FILES),
                Route("/channels/{task_type}", self._channel),
                Route("/channels/{task_type}", self._plan_switch, methods=["POST"]),
                Route("/orders", _to_order),
                Route("/orders/{order_id}", self._order),
                Route("/orders/{order_id}", self._plan_report, methods=["POST"]),
                Route("/dead-letters", self._dead_letters),
                Route("/dead-letters", self._plan_letters, methods=["POST"]),
                Route("/deeds/{deed_id}", self._deed),
                Route("/deeds/{deed_id}", self._carry_out, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: self._no_page,
                **dict.fromkeys((*_TOLD, Exception), self._error),
            },
        )
        return Guard(app, port, self.secrets)

    def _overview(self, request: Request) -> Response:
        channels = registrations(self.place)
        with ThreadPoolExecutor() as pool:
            taken = pool.submit(figures.taken, self.place)
            own = pool.submit(dead_letters.counts, self.place, dead_letters.OF_THE_PLATFORM)
            rows = healths(self.place, channels)
        failed = figures.failures(taken.result())
        return self._page(
            "overview",
            request,
            channels=[row | {"failures": failed[row["task_type"]]} for row in rows],
            queues=own.result(),
            cut=len(taken.result()) >= MOST_LINES,
        )

    def _channel(self, request: Request) -> Response:
        found = registration(self.place, request.path_params["task_type"])
        asked = forms.filters(request.query_params)
        open_tasks = OpenTasks(self.place, [found.task_type])
        with ThreadPoolExecutor() as pool:
            taken = pool.submit(figures.taken, self.place)
            ages = pool.submit(figures.ages, self.place, found.task_type)
            its_health = pool.submit(health, self.place, found)
            page = open_tasks.page(
                TASKS_A_PAGE,
                asked.cursor,
                asked.state,
                tasks.matching(asked.state, asked.seconds),
            )
        lines = taken.result()
        return self._page(
            "channel",
            request,
            channel=found,
            health=its_health.result(),
            failures=figures.failures(lines)[found.task_type],
            ages=ages.result(),
            ages_cut=len(ages.result()) >= figures.MOST_TASKS,
            times=figures.times_to_callback(self.place, found.task_type, lines),
            times_cut=len(lines) >= MOST_LINES,
            tasks=[tasks.as_json(each) for each in page.tasks],
            asked=asked,
            states=list(TaskState),
            next_page=page.cursor and f"?{asked.query(page.cursor)}#tasks",
        )

    def _order(
        self, request: Request, *, given: forms.Form | None = None, problem: str = ""
    ) -> Response:
        order_id = request.path_params["order_id"]
        stories = tasks.story(self.place, tasks.of_order(self.place, order_id))
        return self._page(
            "order",
            request,
            order_id=order_id,
            stories=stories,
            given=given or {},
            problem=problem,
            status=400 if problem else 200,
        )

    def _dead_letters(self, request: Request) -> Response:
        names = dead_letters.queues(registrations(self.place))
        with ThreadPoolExecutor() as pool:
            counted = list(pool.map(lambda name: dead_letters.counts(self.place, [name])[0], names))
        queue = request.query_params.get("queue")
        found = dead_letters.letters(self.place, queue, LETTERS_SHOWN) if queue else []
        return self._page(
            "dead_letters",
            request,
            queues=counted,
            queue=queue,
            letters=[dead_letters.as_json(letter) for letter in found],
            most=LETTERS_SHOWN,
        )

    def _plan_switch(self, request: Request) -> Response:
        found = registration(self.place, request.path_params["task_type"])
        return self._planned(forms.switch(request.state.form, found.task_type))

    def _plan_report(self, request: Request) -> Response:
        form = request.state.form
        try:
            deed = forms.report(form, request.path_params["order_id"])
        except forms.IncompleteError as error:
            return self._order(request, given=form, problem=str(error))
        return self._planned(deed)

    def _plan_letters(self, request: Request) -> Response:
        return self._planned(forms.letters(request.state.form))

    def _planned(self, deed: Deed) -> Response:
        return RedirectResponse(f"/deeds/{self.deeds.plan(deed).id}", _SEE_OTHER)

    def _deed(self, request: Request) -> Response:
        deed = self._known(request)
        operator = None
        if deed.state is State.PLANNED:
            operator = self.place.client("sts").get_caller_identity()["Arn"]
        letters = deed.state is State.DONE and isinstance(deed.result, dict)
        return self._page(
            "deed",
            request,
            deed=deed,
            operator=operator,
            letters=about_letters(deed.result) if letters else None,
        )

    def _carry_out(self, request: Request) -> Response:
        deed = self._known(request)
        self.deeds.carry_out(deed, self.acts)
        return RedirectResponse(f"/deeds/{deed.id}", _SEE_OTHER)

    def _known(self, request: Request) -> Deed:
        deed = self.deeds.find(request.path_params["deed_id"])
        if deed is None:
            raise NotFoundError("This console plans no such deed: begin again where you began.")
        return deed

    def _error(self, request: Request, error: Exception) -> Response:
        return self._told(request, told(error))

    def _no_page(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return self._told(
            request, Told("There is no such page", "Begin with the channels.", "", status)
        )

    def _told(self, request: Request, error: Told) -> Response:
        return self._page("error", request, error=error, status=error.status)

    def _page(self, view: str, request: Request, *, status: int = 200, **facts: Any) -> Response:
        here = f"{request.url.path}?{request.url.query}".rstrip("?")
        made = _VIEWS.get_template(f"{view}.html.j2").render(
            environment=self.place.name,
            form_token=self.secrets.form,
            here=here if request.method == "GET" else None,
            now=instant(time.time()),
            **facts,
        )
        return HTMLResponse(made, status)


def _to_order(request: Request) -> Response:
    order_id = request.query_params.get("order_id", "").strip()
    if not order_id:
        raise forms.IncompleteError("Write the order's id into the field above.")
    return RedirectResponse(f"/orders/{_part(order_id)}", _SEE_OTHER)


def _file(request: Request) -> Response:
    return FileResponse(HERE / request.url.path.removeprefix("/"))


def _part(value: object) -> str:
    """As one part of a path."""
    return quote(str(value), safe="")


def _spoken(seconds: float | None) -> str:
    return "-" if seconds is None else durations.spoken(seconds)


def _query(values: Mapping[str, Any]) -> str:
    return urlencode(values)


def _summary(lengths: list[int]) -> Json:
    """Of some lengths of time, in seconds."""
    return {
        "median": figures.quantile(lengths, 0.5),
        "most": figures.quantile(lengths, 0.9),
        "longest": max(lengths),
    }


_VIEWS = Environment(
    loader=FileSystemLoader(HERE / "views"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_VIEWS.filters |= {
    "histogram": figures.histogram,
    "part": _part,
    "query": _query,
    "spoken": _spoken,
    "summary": _summary,
}
