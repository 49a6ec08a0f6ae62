"""Short notes of knowledge beside the guide, which a lead changes without a new version of the configuration."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from agents.forms import FormError
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seat, Seats
from hotline.storage.knowledge import KnowledgeRows, Note
from hotline.storage.steps import storable

NOTE_LENGTH = 1000
"""Characters: it is read while somebody is on the line."""


class Knowledge:
    """The latest notes are held in memory; a change is stored first, then shown to everybody."""

    def __init__(
        self,
        rows: KnowledgeRows,
        journal: Journal,
        seats: Seats,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._journal = journal
        self._seats = seats
        self._configuration = configuration
        self._clock = clock
        self._notes: dict[str, Note] = {}

    async def load(self) -> None:
        """As they were before the start."""
        self._notes = await self._rows.latest()

    def current(self) -> dict[str, dict[str, str]]:
        """`{"text", "author", "at"}` by request type; types without a note are left out."""
        return {key: self._view(note) for key, note in self._notes.items() if note.text}

    async def save(self, request_type: str, text: str, author: str) -> None:
        """`author` is the name of the user; an empty text takes the note away. FormError when it cannot be."""
        text = str(storable(text.strip()))
        self._check(request_type, text)
        note = Note(text, author, self._clock.now())
        await self._journal.now(partial(self._rows.save, request_type, note, self._clock.real_now()))
        self._notes[request_type] = note
        self._seats.touch_all()

    def view(self, seat: Seat, _now: datetime) -> Mapping[str, Any]:
        """The note for the call on this agent's screen."""
        call = seat.call if seat.may_show_call else None
        if call is None:
            return {"knowledge": None}
        note = self._notes.get((call.request or call.config.unclear).key)
        return {"knowledge": self._view(note) if note is not None and note.text else None}

    def _check(self, request_type: str, text: str) -> None:
        config = self._configuration()[1]
        if request_type not in {kind.key for kind in (*config.request_types, config.unclear)}:
            raise FormError({"request_type": "Diese Art von Anliegen gibt es nicht."})
        if len(text) > NOTE_LENGTH:
            raise FormError({"text": f"Der Hinweis darf höchstens {NOTE_LENGTH} Zeichen lang sein."})

    def _view(self, note: Note) -> dict[str, str]:
        author = self._seats[note.author].agent.full_name if note.author in self._seats else note.author
        return {"text": note.text, "author": author, "at": note.at.isoformat()}
