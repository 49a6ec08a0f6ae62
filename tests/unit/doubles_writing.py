"""What is written about calls, held in memory beside the double of the desk; everything asked is in `desk.asked`."""

from collections.abc import Mapping
from typing import Any

from agents.forms import FormError, read_form
from hotline.errors import Refused

PERSON = ("family_name", "given_name", "household_number", "phone", "best_time", "office")
AT = "2026-11-23T09:02:00+00:00"
TYPE = {"key", "label", "guide", "papers", "links", "fields"}
TEXT = "Telefonat vom Montag, 23. November 2026, 10 Uhr\nRufnummer: 05722 123456\n\nAnliegen: Mietkosten\n"


class FakeWriting:
    """Steers the seat of the FakeDesk as the real one does; `desk` is its FakeDesk."""

    def __init__(self, desk: Any) -> None:
        self._desk = desk
        self.drafts: dict[str, dict[str, Any]] = {}
        self.entries: list[dict[str, Any]] = []
        self.works = True
        """Whether drafts are stored at once."""

    async def save_draft(self, agent: str, call_id: str, number: int, values: Mapping[str, str]) -> bool:
        self._ask("save_draft", agent, call_id, number, dict(values))
        self.drafts[call_id] = {"number": number, "values": dict(values), "saved_at": AT}
        return self.works

    async def draft(self, agent: str, call_id: str) -> Mapping[str, Any] | None:
        self._ask("draft", agent, call_id)
        return self.drafts.get(call_id)

    async def dispose(
        self,
        agent: str,
        call_id: str,
        outcome: str,
        values: Mapping[str, str],
        number: int | None = None,
        more: bool = False,
    ) -> Mapping[str, Any]:
        self._ask("dispose", agent, call_id, outcome, dict(values), number, more)
        call = self._desk.seat["call"]
        if outcome == "forwarded":
            self._check(values)
        done = self._done(outcome, number or 1, call["request_type"]["label"])
        self.drafts.pop(call_id, None)
        self.entries.insert(0, self._entry(call, values, done))
        written = [*call["written"], done]
        if more:
            unclear = self._type(self._desk.config.unclear.key)
            self._desk.change_call(written=written, number=len(written) + 1, request_type=unclear)
        else:
            self._conclude(written)
        return done

    @staticmethod
    def _done(outcome: str, number: int, label: str) -> dict[str, Any]:
        done = {"outcome": outcome, "receipt": None, "due": None, "responsible": None, "rule": None}
        if outcome == "forwarded":
            due = "Dienstag, dem 24. November, 18 Uhr"
            rule = "Stadthagen, Buchstaben A–K"
            receipt = "26-4821-7305" if number == 1 else f"26-0000-000{number}"
            done = {**done, "receipt": receipt, "due": due, "responsible": "Frau Falke", "team": False, "rule": rule}
        return {**done, "number": number, "type": label, "agent": "anna"}

    def _entry(self, call: Mapping[str, Any], values: Mapping[str, str], done: dict[str, Any]) -> dict[str, Any]:
        every = ["settled", "forwarded", "callback", "no_request"]
        outcomes = every if done["outcome"] in {"settled", "no_request"} else [done["outcome"]]
        return {
            **done,
            "id": len(self.entries) + 1,
            "call_id": call["call_id"],
            "at": AT,
            "corrected_at": None,
            "caller": call["caller"],
            "note": values.get("note", ""),
            "status": "open" if done["receipt"] else None,
            "values": dict(values),
            "fields": call["request_type"]["fields"],
            "outcomes": outcomes,
        }

    def _conclude(self, written: list[dict[str, Any]]) -> None:
        if self._desk.seat["call"]["phase"] == "wrap_up":
            self._desk.release()
        else:
            self._desk.change_call(written=written, number=len(written) + 1, disposed=written[-1])

    async def another(self, agent: str, call_id: str) -> None:
        self._ask("another", agent, call_id)
        unclear = self._type(self._desk.config.unclear.key)
        self._desk.change_call(disposed=None, request_type=unclear)

    async def finish(self, agent: str, call_id: str) -> None:
        self._ask("finish", agent, call_id)
        written = self._desk.seat["call"]["written"]
        if not written:
            raise Refused("Bitte halten Sie erst fest, was aus dem Anruf geworden ist.")
        self._conclude(written)

    async def today(self, agent: str) -> list[Mapping[str, Any]]:
        self._ask("today", agent)
        return list(self.entries)

    async def correct(
        self, agent: str, disposition_id: int, outcome: str, values: Mapping[str, str]
    ) -> Mapping[str, Any]:
        self._ask("correct", agent, disposition_id, outcome, dict(values))
        if outcome == "forwarded":
            missing = {key: "Bitte ausfüllen." for key in PERSON[:5] if not values.get(key)}
            if missing:
                raise FormError(missing)
        [entry] = [entry for entry in self.entries if entry["id"] == disposition_id]
        entry |= {"outcome": outcome, "note": values.get("note", ""), "corrected_at": AT, "values": dict(values)}
        return entry

    async def text(self, agent: str, call_id: str) -> str:
        self._ask("text", agent, call_id)
        return TEXT

    def _ask(self, *what: Any) -> None:
        self._desk._ask(*what)

    def _type(self, key: str) -> dict[str, Any]:
        config = self._desk.config
        return dict(config.request_type(key).model_dump(mode="json", include=TYPE))

    def _check(self, values: Mapping[str, str]) -> None:
        findings = {key: "Bitte ausfüllen." for key in PERSON if not values.get(key)}
        request = self._desk.config.request_type(self._desk.seat["call"]["request_type"]["key"])
        others = {*PERSON, "note", "responsible", "responsible_reason", "sms"}
        try:
            read_form(request, {key: value for key, value in values.items() if key not in others})
        except FormError as error:
            findings |= error.findings
        if findings:
            raise FormError(findings)
