"""Decides whether absent case workers have somebody who answers in their place."""

from collections.abc import Callable, Iterator

from config.messages import suggestion
from config.schema import HotlineConfig

Path = tuple[str | int, ...]
Problem = tuple[Path, str]


def absences_run_forward(config: HotlineConfig) -> Iterator[Problem]:
    for index, worker in enumerate(config.case_workers):
        for position, absence in enumerate(worker.absences):
            if absence.end is not None and absence.end < absence.start:
                path = ("case_workers", index, "absences", position, "to")
                yield path, f"{absence.end} is before {absence.start}; the last day must not be before the first"


def deputies_exist(config: HotlineConfig) -> Iterator[Problem]:
    """A deputy is another case worker, and the same one in all entries of a person."""
    known = list(dict.fromkeys(worker.email for worker in config.case_workers))
    first: dict[str, tuple[int, str]] = {}
    for index, worker in enumerate(config.case_workers):
        path, deputy = ("case_workers", index, "deputy"), worker.deputy
        if deputy is None:
            continue
        place, before = first.setdefault(worker.email, (index, deputy))
        if deputy not in known:
            hint = suggestion(deputy, known)
            yield path, f'no case worker has the address "{deputy}"{hint}; allowed: {", ".join(known)}'
        elif deputy == worker.email:
            yield path, f'"{deputy}" is {worker.name} themselves; name another case worker, or leave deputy out'
        elif deputy != before:
            yield path, f'{worker.name} has the deputy "{before}" at case_workers.{place}.deputy; name the same one'


def deputies_make_no_circle(config: HotlineConfig) -> Iterator[Problem]:
    """Found once for each circle, where its first member in the file names a deputy."""
    deputies = {worker.email: worker.deputy for worker in reversed(config.case_workers) if worker.deputy is not None}
    reported: set[str] = set()
    for index, worker in enumerate(config.case_workers):
        circle = _circle(worker.email, deputies)
        if worker.deputy is not None and len(circle) > 1 and not reported.intersection(circle):
            reported.update(circle)
            way = " → ".join([*circle, circle[0]])
            path = ("case_workers", index, "deputy")
            yield path, f"the deputies go round in a circle ({way}); leave one of them out"


def _circle(email: str, deputies: dict[str, str]) -> list[str]:
    """Everybody on the way from deputy to deputy back to that person; nobody when it does not lead back."""
    way = [email]
    while (following := deputies.get(way[-1])) is not None:
        if following == email:
            return way
        if following in way:
            return []
        way.append(following)
    return []


CASE_WORKER_RULES: tuple[Callable[[HotlineConfig], Iterator[Problem]], ...] = (
    absences_run_forward,
    deputies_exist,
    deputies_make_no_circle,
)
