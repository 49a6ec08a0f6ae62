"""Putting a version in force, watched from any admin's page: one at a time, and it goes on when the page is closed."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiohttp import web

from agents.forms import FormError
from hotline.changing.model import Activated, NewAccount, Progress, Step
from hotline.errors import HotlineError, Outdated, Refused
from hotline.web.admin_basis import changing, mapping_in, number_in, posted, standing, tells_outdated
from hotline.web.admin_texts import prompt_title
from hotline.web.keys import USER
from hotline.web.problems import Problem, log_failure, sentence
from hotline.web.reading import path_word, text

REASON_LENGTH = 500
_STEPS = {
    Step.CHECKING: "Der Entwurf wird geprüft …",
    Step.PROMPTS: "Die Texte werden gesprochen …",
    Step.STORING: "Die Version wird gespeichert …",
    Step.ASTERISK: "Die Telefonanlage wird umgestellt und geprüft …",
    Step.DONE: "Fertig.",
}
_BUSY = "Es wird gerade schon eine Version in Kraft gesetzt. Bitte warten Sie, bis das fertig ist."


class Activation:
    """The one that runs, or the last one: `told()` is what pages show."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._start = secrets.token_hex(8)
        """Tells this start of the service from others."""
        self._told: dict[str, Any] = {"running": False}
        self._before = self._told
        """What stays told when one could not even begin."""
        self._first: dict[str, dict[str, str]] = {}
        """Who has put versions in force → names of new accounts → their first passwords, until these are noted."""

    def told(self, who: str) -> dict[str, Any]:
        """First passwords are for whoever has put the version in force, and for nobody else."""
        told = {**self._told, "start": self._start}
        if first := self._first.get(who):
            told["accounts"] = [{"name": name, "password": password} for name, password in first.items()]
        return told

    def noted(self, who: str) -> None:
        """Whoever has put the version in force has the first passwords: they are not shown again."""
        self._first.pop(who, None)

    async def run(self, request: web.Request, work: Callable[[Progress], Awaitable[Activated]]) -> dict[str, Any]:
        """Begin; returns at once when it takes long, with the result when it does not. Refused while another runs.

        What is wrong at the very beginning (the reason, a draft of somebody else) is raised as it is.
        """
        if self._task is not None and not self._task.done():
            raise Refused(_BUSY)
        self._before, self._told = self._told, {"running": True, "step": _STEPS[Step.CHECKING], "done": 0, "of": 0}
        early: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._watch(request, work, early))
        await early
        return self.told(request[USER].name)

    async def stop(self, _app: web.Application) -> None:
        """The service ends: what runs is told to."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(
        self,
        request: web.Request,
        work: Callable[[Progress], Awaitable[Activated]],
        early: "asyncio.Future[None]",
    ) -> None:
        """Carry it out; `early` is told when it has begun in earnest, or why it could not."""

        def progress(step: Step, done: int, of: int) -> None:
            self._told = {"running": True, "step": _STEPS[step], "done": done, "of": of}
            if step != Step.CHECKING and not early.done():
                early.set_result(None)

        try:
            activated = await work(progress)
        except Exception as error:
            self._failed(request, error, early)
        else:
            self._told = {"running": False, "result": _shown(activated)}
            self._keep(request[USER].name, activated.accounts)
        finally:
            if not early.done():
                early.set_result(None)

    def _keep(self, who: str, accounts: Iterable[NewAccount]) -> None:
        """A password that was first for the same account before is none any more, whoever had it to note."""
        for one in accounts:
            for others in self._first.values():
                others.pop(one.name, None)
            self._first.setdefault(who, {})[one.name] = one.password

    def _failed(self, request: web.Request, error: Exception, early: "asyncio.Future[None]") -> None:
        if not early.done() and isinstance(error, FormError | HotlineError):
            early.set_exception(error)
            self._told = self._before
            return
        if isinstance(error, FormError):
            message = "; ".join(error.findings.values())
        elif isinstance(error, Refused):
            message = str(error)
        else:
            log_failure(request, error)
            message = sentence(500)
        self._told = {"running": False, "failed": message}


ACTIVATION = web.AppKey("activation", Activation)


@tells_outdated
async def activate(request: web.Request) -> web.StreamResponse:
    """POST /admin/activate {revision, values: {reason}}"""
    body = await posted(request)
    revision, reason = number_in(body, "revision"), _reason(body)
    if revision is None:
        raise Problem(409, "Es gibt keinen Entwurf, der in Kraft gesetzt werden könnte.")
    service, who = changing(request), request[USER].name
    return web.json_response(
        await request.app[ACTIVATION].run(request, lambda told: service.activate(who, reason, revision, told))
    )


@tells_outdated
async def roll_back(request: web.Request) -> web.StreamResponse:
    """POST /admin/history/{number}/rollback {version, values: {reason}}"""
    body, number = await posted(request), version_number(request)
    reason, seen = _reason(body), number_in(body, "version")
    now = await standing(request)
    if seen is not None and seen != now.active.version:
        raise Outdated("Inzwischen wurde eine andere Version in Kraft gesetzt. Bitte sehen Sie sie zuerst an.", "")
    service, who = changing(request), request[USER].name
    return web.json_response(
        await request.app[ACTIVATION].run(request, lambda told: service.roll_back(who, number, reason, told))
    )


async def noted(request: web.Request) -> web.StreamResponse:
    """POST /admin/activation/noted: the first passwords of new accounts need not be shown any more."""
    request.app[ACTIVATION].noted(request[USER].name)
    return web.json_response({})


async def show(request: web.Request) -> web.StreamResponse:
    """GET /admin/activation: `running` with `step`, `done`, `of`; otherwise `result` or `failed`."""
    return web.json_response(request.app[ACTIVATION].told(request[USER].name))


def version_number(request: web.Request) -> int:
    number = path_word(request, "number")
    if not (number.isascii() and number.isdecimal() and len(number) <= 9):
        raise Problem(404)
    return int(number)


def _reason(body: Mapping[str, Any]) -> str:
    reason = " ".join(text(mapping_in(body, "values", 5), "reason", REASON_LENGTH).split())
    if not reason:
        raise FormError({"reason": "Bitte schreiben Sie kurz, warum. Der Grund steht später im Verlauf."})
    return reason


def _shown(activated: Activated) -> dict[str, Any]:
    return {
        "version": activated.version,
        "reloaded": list(activated.reloaded),
        "differs": list(activated.differs),
        "restart": list(activated.restart),
        "outdated": [prompt_title(name) for name in activated.outdated],
        "people": list(activated.people),
    }
