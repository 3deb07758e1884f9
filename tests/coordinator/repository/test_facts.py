import asyncio

import pytest

from jupyter_platform.coordinator.repository import Facts
from jupyter_platform.core.errors import InvalidDataError, UnavailableError

DIGEST = "0" * 64


async def test_an_answer_is_asked_for_once_and_kept(store, facts, inspector):
    inspector.answers["network"] = {"parameters": 7}

    first = await facts.ask("network", DIGEST, {"description": {}})
    again = await Facts(store, inspector).ask("network", DIGEST, {"description": {}})

    assert first == again == {"parameters": 7}
    assert inspector.asked == [{"op": "network", "description": {}}]


async def test_many_askers_share_one_question_and_one_may_leave(facts, inspector, until):
    inspector.answers["network"] = {"parameters": 7}
    inspector.gate = asyncio.Event()
    askers = [asyncio.create_task(facts.ask("network", DIGEST, {})) for _ in range(5)]
    await until(lambda: inspector.asked)

    askers[0].cancel()
    inspector.gate.set()
    answers = await asyncio.gather(*askers[1:])

    assert answers == [{"parameters": 7}] * 4
    assert len(inspector.asked) == 1


@pytest.mark.parametrize("error", [UnavailableError("no host"), InvalidDataError("bad")])
async def test_an_error_is_not_kept(facts, inspector, error):
    inspector.answers["network"] = error
    with pytest.raises(type(error)):
        await facts.ask("network", DIGEST, {})
    assert await facts.answer("network", DIGEST, {}) is None
    inspector.answers["network"] = {"parameters": 1}

    assert await facts.ask("network", DIGEST, {}) == {"parameters": 1}


async def test_kinds_do_not_mix(facts, inspector):
    inspector.answers |= {"network": {"a": 1}, "dataset": {"b": 2}}

    await facts.ask("network", DIGEST, {})

    assert await facts.ask("dataset", DIGEST, {}) == {"b": 2}
    assert await facts.cached("network", [DIGEST, "1" * 64]) == {DIGEST: {"a": 1}}
