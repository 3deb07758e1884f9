import pytest

from jupyter_platform.coordinator.jobs.owner import JobOwner

DIGEST, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def owner(store):
    return JobOwner(store, None, None, None)


@pytest.mark.parametrize(
    ("state", "used"),
    [("queued", {DIGEST}), ("running", {DIGEST}), ("paused", {DIGEST}), ("finished", set())],
)
async def test_weights_are_used_until_the_job_that_starts_from_them_ends(
    store, job_row, owner, state, used
):
    spec = {"networks": [{"description": {}, "weights": f"sha256:{DIGEST}"}]}
    await store.run(lambda session: session.add(job_row(state=state, spec=spec)))

    found = await store.read(lambda session: owner.uses(session, {DIGEST, OTHER}))

    assert found == used
