"""Work behind a panel."""

from __future__ import annotations

import asyncio
import threading

from jupyter_platform.panels.background import Background
from tests.waiting import DEADLINE_S


def test_in_an_event_loop_answers_come_in_its_thread_while_it_goes_on():
    free = threading.Event()
    told: list[tuple[object, bool]] = []

    async def click() -> bool:
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        background = Background()

        def done(answer: str) -> None:
            told.append((answer, threading.current_thread() is threading.main_thread()))
            answered.set_result(None)

        background.run(
            lambda: "late" if free.wait(DEADLINE_S) else "never", done, answered.set_exception
        )
        await asyncio.sleep(0)
        went_on = not answered.done()
        free.set()
        await asyncio.wait_for(answered, DEADLINE_S)
        return went_on

    assert asyncio.run(click())
    assert told == [("late", True)]


def test_without_one_they_come_from_the_worker():
    answered = threading.Event()
    answers: list[int] = []

    Background().run(lambda: 6 * 7, lambda answer: (answers.append(answer), answered.set()), print)

    assert answered.wait(DEADLINE_S)
    assert answers == [42]


def test_what_work_raises_is_told():
    answered = threading.Event()
    errors: list[BaseException] = []

    def fail() -> None:
        raise KeyError("gone")

    Background().run(fail, print, lambda error: (errors.append(error), answered.set()))

    assert answered.wait(DEADLINE_S)
    assert isinstance(errors[0], KeyError)
