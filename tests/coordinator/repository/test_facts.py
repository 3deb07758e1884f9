import asyncio
from types import SimpleNamespace

import pytest

from jupyter_platform.coordinator.repository import Facts
from jupyter_platform.coordinator.repository import facts as facts_module
from jupyter_platform.core.errors import InvalidDataError, UnavailableError
from tests.waiting import DEADLINE_S

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


async def test_an_answer_that_takes_long_is_there_later_and_nobody_waits_twice(
    facts, inspector, until, monkeypatch
):
    now = [0.0]
    monkeypatch.setattr(facts_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(facts_module, "ANSWER_WITHIN_S", 0.05)
    inspector.answers["dataset"] = {"size": 7}
    inspector.gate = asyncio.Event()

    with pytest.raises(UnavailableError, match="comes later"):
        await facts.soon("dataset", DIGEST, {}, 600)
    assert facts.is_asking("dataset", DIGEST)
    # Whoever waited as long again would not be back before the deadline.
    now[0] = 10 * DEADLINE_S
    monkeypatch.setattr(facts_module, "ANSWER_WITHIN_S", 10 * DEADLINE_S)
    async with asyncio.timeout(DEADLINE_S):
        assert await facts.answer("dataset", DIGEST, {}, 600) is None
    inspector.gate.set()
    await until(lambda: not facts.is_asking("dataset", DIGEST))

    assert await facts.soon("dataset", DIGEST, {}, 600) == {"size": 7}
    assert len(inspector.asked) == 1


async def test_an_answer_that_is_not_kept_is_joined_while_it_is_on_its_way(
    facts, inspector, until, monkeypatch
):
    monkeypatch.setattr(facts_module, "ANSWER_WITHIN_S", 0.1)
    inspector.answers["preview"] = {"samples": []}
    inspector.gate = asyncio.Event()
    for _ in range(2):
        with pytest.raises(UnavailableError, match="comes later"):
            await facts.question("preview", {"name": "d"}, 600)
    inspector.gate.set()
    await until(lambda: not facts._asking)

    assert await facts.question("preview", {"name": "d"}, 600) == {"samples": []}
    assert len(inspector.asked) == 2


async def test_why_there_is_no_answer_is_kept_until_there_is_one(facts, inspector):
    inspector.answers["dataset"] = InvalidDataError("row 3 is broken")
    assert await facts.answer("dataset", DIGEST, {}) is None
    assert facts.refusal("dataset", DIGEST) == "row 3 is broken"
    inspector.answers["dataset"] = UnavailableError("no host")
    assert await facts.answer("dataset", DIGEST, {}) is None
    assert facts.refusal("dataset", DIGEST) == "row 3 is broken"

    inspector.answers["dataset"] = {"size": 1}
    await facts.ask("dataset", DIGEST, {})

    assert facts.refusal("dataset", DIGEST) is None
