"""What is started again when it ends, and how long is waited before."""

import pytest

from hotline.errors import SetupError
from hotline.parent import keeping
from hotline.parent.keeping import LONGEST_DELAY, STEADY, Backoff, keep


def test_first_restart_is_at_once_and_each_later_one_waits_twice_as_long() -> None:
    backoff = Backoff()
    assert [backoff.after(ran=1) for _ in range(8)] == [0, 0.5, 1, 2, 4, 8, LONGEST_DELAY, LONGEST_DELAY]


def test_part_that_has_run_steadily_is_started_again_at_once() -> None:
    backoff = Backoff()
    assert [backoff.after(ran) for ran in (1, 1, 1, STEADY + 1, 1)] == [0, 0.5, 1, 0, 0.5]


class Part:
    """Ends with these codes one after the other; None: its start fails."""

    def __init__(self, *codes: int | None) -> None:
        self.codes = list(codes)
        self.starts = 0

    async def start(self) -> None:
        self.starts += 1
        if self.codes[0] is None:
            self.codes.pop(0)
            raise SetupError("It cannot start.")

    async def wait(self) -> int:
        code = self.codes.pop(0)
        assert code is not None
        return code


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SECOND_DELAY", 0.001)
    monkeypatch.setattr(keeping, "LONGEST_DELAY", 0.002)


@pytest.mark.usefixtures("_no_waiting")
async def test_part_is_started_again_until_it_is_over() -> None:
    part, said = Part(-9, 1, 0), list[str]()
    await keep("The part", part.start, part.wait, said.append, over=lambda: not part.codes)
    assert part.starts == 2
    assert said == [
        "The part ended unexpectedly (signal SIGKILL). It starts again at once.",
        "The part ended unexpectedly (exit code 1). It starts again in 0.001 s.",
    ]


@pytest.mark.usefixtures("_no_waiting")
async def test_start_that_fails_is_said_and_tried_again() -> None:
    part, said = Part(0, None, 0), list[str]()
    await keep("The part", part.start, part.wait, said.append, over=lambda: not part.codes)
    assert part.starts == 2
    assert said[1] == "It cannot start. It starts again in 0.001 s."
