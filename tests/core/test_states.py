import pytest

from jupyter_platform.core.states import HOLDING, TERMINAL, TRANSITIONS, JobState


@pytest.mark.parametrize("state", list(JobState))
def test_every_state_has_its_transitions(state):
    assert state in TRANSITIONS
    assert state not in TRANSITIONS[state]


def test_ended_jobs_never_run_again():
    for state in TERMINAL:
        assert TRANSITIONS[state] == frozenset()
        assert state.is_terminal
        assert not state.holds_resources


def test_every_state_can_be_reached_and_ended():
    reached, todo = {JobState.QUEUED}, [JobState.QUEUED]
    while todo:
        for state in TRANSITIONS[todo.pop()] - reached:
            reached.add(state)
            todo.append(state)
    assert reached == set(JobState)
    for state in HOLDING:
        assert TRANSITIONS[state] & TERMINAL
