from __future__ import annotations

import itertools

import pytest

from jupyter_platform.coordinator.workloads.transitions import move
from jupyter_platform.core.errors import ConflictError
from jupyter_platform.core.states import TRANSITIONS, JobState


@pytest.mark.parametrize(("before", "after"), list(itertools.product(JobState, JobState)))
def test_only_the_transitions_of_the_table_are_made(job_row, before, after):
    row = job_row(state=before.value)

    if after == before:
        assert not move(row, after)
    elif after in TRANSITIONS[before]:
        assert move(row, after)
        assert row.state == after.value
        assert (row.finished_at is not None) == after.is_terminal
        assert (row.started_at is not None) == (after == JobState.RUNNING)
    else:
        with pytest.raises(ConflictError, match=before.value):
            move(row, after)
        assert row.state == before.value
