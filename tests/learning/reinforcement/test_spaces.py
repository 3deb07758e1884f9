"""Every space of Gymnasium, as what is seen and as what is done."""

from __future__ import annotations

import itertools
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.spaces.utils import flatten

from jupyter_platform.core.errors import InvalidRequestError, PlatformError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.questions.checks import check
from jupyter_platform.learning.reinforcement.environments import (
    VectorEnvironment,
    environment_facts,
    environment_interface,
)
from jupyter_platform.learning.reinforcement.playing import play
from jupyter_platform.learning.reinforcement.spaces import (
    BoxActions,
    FiniteActions,
    OutsideError,
    UnfitSpaceError,
    action_codec,
    observation_codec,
)
from jupyter_platform.learning.reinforcement.trials import try_environment

INF = np.inf
NODES = spaces.Box(-1, 1, (2,))


class Foreign(spaces.Space):
    """A space that somebody made."""


SEEN = {
    "box": spaces.Box(-1, 1, (2, 3)),
    "box without bounds": spaces.Box(-INF, INF, (3,)),
    "box of float64": spaces.Box(-5, 5, (3,), np.float64),
    "box of one number": spaces.Box(0, 1, ()),
    "box of integers": spaces.Box(-9, 9, (4,), np.int64),
    "pictures": spaces.Box(0, 255, (3, 4, 3), np.uint8),
    "discrete": spaces.Discrete(4),
    "discrete from 3": spaces.Discrete(4, start=3),
    "discrete from -2": spaces.Discrete(4, start=-2),
    "multi-discrete": spaces.MultiDiscrete([3, 2, 4]),
    "multi-discrete from 5": spaces.MultiDiscrete([3, 2], start=[5, -1]),
    "multi-discrete of two axes": spaces.MultiDiscrete([[3, 2], [2, 2]]),
    "multi-binary": spaces.MultiBinary(5),
    "multi-binary of two axes": spaces.MultiBinary([2, 2]),
    "tuple": spaces.Tuple([spaces.Discrete(2, start=1), NODES]),
    "dict": spaces.Dict({"b": spaces.Discrete(3), "a": NODES}),
    "spaces inside spaces": spaces.Dict(
        {
            "inner": spaces.Dict({"deep": spaces.Tuple([spaces.MultiBinary(2), NODES])}),
            "other": spaces.MultiDiscrete([2, 3]),
        }
    ),
}


@pytest.mark.parametrize("space", SEEN.values(), ids=SEEN)
def test_what_is_seen_is_what_gymnasium_makes_of_it(space):
    codec = observation_codec(space)
    space.seed(3)
    for _ in range(20):
        value = space.sample()
        found = codec.encode(value)
        assert (found.shape, codec.dtype.kind) == (
            codec.shape,
            "u" if found.dtype.kind == "u" else "f",
        )
        expected = flatten(space, value)
        np.testing.assert_array_equal(found.ravel().astype(np.float32), expected.astype(np.float32))


def test_pictures_keep_shape_and_type():
    codec = observation_codec(SEEN["pictures"])

    assert (codec.shape, codec.dtype) == ((3, 4, 3), np.uint8)
    assert observation_codec(SEEN["box"]).shape == (2, 3)


def test_texts_are_one_hot_for_each_character():
    codec = observation_codec(spaces.Text(3, charset="abc"))

    assert codec.encode("cb").tolist() == [0, 0, 1, 0, 1, 0, 0, 0, 0]


def test_one_of_several_is_told_from_the_others():
    codec = observation_codec(spaces.OneOf([spaces.Discrete(2, start=7), spaces.Box(0, 9, (2,))]))

    assert codec.encode((np.int64(0), 8)).tolist() == [1, 0, 0, 1, 0, 0]
    assert codec.encode((1, np.array([4, 5], np.float32))).tolist() == [0, 1, 0, 0, 4, 5]


UNSEEN = {
    "graph": (spaces.Graph(NODES, None), "the observation is a Graph, whose size varies"),
    "sequence": (spaces.Sequence(NODES), "the observation is a Sequence, whose size varies"),
    "graph inside": (
        spaces.Dict({"map": spaces.Tuple([NODES, spaces.Graph(NODES, None)])}),
        r"the observation\['map'\]\[1\] is a Graph",
    ),
    "empty": (spaces.Box(0, 1, (0,)), "holds no number"),
    "too many": (spaces.Discrete(10**9), "1,000,000,000 numbers as networks see it"),
    "foreign": (Foreign(), "is a Foreign; known are Box, Discrete"),
    "no space": ("Box(2)", r"has builtins.str for its space, which is none of Gymnasium's"),
}


@pytest.mark.parametrize(("space", "message"), UNSEEN.values(), ids=UNSEEN)
def test_what_cannot_be_seen_is_named(space, message):
    with pytest.raises(UnfitSpaceError, match=message):
        observation_codec(space)


DONE = {
    "discrete": (spaces.Discrete(3), 3),
    "discrete from 1": (spaces.Discrete(3, start=1), 3),
    "discrete from -4": (spaces.Discrete(2, start=-4), 2),
    "multi-discrete": (spaces.MultiDiscrete([3, 2]), 6),
    "multi-discrete from 5": (spaces.MultiDiscrete([3, 2], start=[5, -1]), 6),
    "multi-binary": (spaces.MultiBinary(3), 8),
    "multi-binary of two axes": (spaces.MultiBinary([2, 2]), 16),
    "tuple": (spaces.Tuple([spaces.Discrete(2, start=1), spaces.MultiBinary(2)]), 8),
    "dict": (spaces.Dict({"b": spaces.Discrete(3), "a": spaces.Discrete(2)}), 6),
    "one of": (spaces.OneOf([spaces.Discrete(2, start=1), spaces.MultiDiscrete([2, 2])]), 6),
}


@pytest.mark.parametrize(("space", "count"), DONE.values(), ids=DONE)
def test_each_of_a_few_actions_is_another_one_of_the_space(space, count):
    codec = action_codec(space)

    assert isinstance(codec, FiniteActions)
    assert codec.count == count
    made = [codec.decode(index) for index in range(count)]
    assert all(space.contains(action) for action in made)
    assert len({str(action) for action in made}) == count


BOXES = {
    "box": spaces.Box(np.array([0, -2], np.float32), np.array([10, 2], np.float32)),
    "box of float64": spaces.Box(-3, 7, (2, 2), np.float64),
    "box of one number": spaces.Box(-2, 2, ()),
    "box of integers": spaces.Box(-5, 9, (3,), np.int64),
    "box of bytes": spaces.Box(0, 255, (2,), np.uint8),
    "tuple": spaces.Tuple([spaces.Box(0, 1, (2,)), spaces.Box(-7, 7, (1,), np.int32)]),
    "dict": spaces.Dict({"gas": spaces.Box(0, 1, ()), "turn": spaces.Box(-3, 3, (2,))}),
}


@pytest.mark.parametrize("space", BOXES.values(), ids=BOXES)
def test_numbers_go_from_the_lowest_to_the_highest_and_stay_inside(space):
    codec = action_codec(space)
    assert isinstance(codec, BoxActions)
    size = len(codec.low)
    draws = np.random.default_rng(0).uniform(-2, 2, (50, size))

    assert all(space.contains(codec.decode(values)) for values in draws)
    np.testing.assert_allclose(flatten(space, codec.decode(-np.ones(size))), codec.low)
    np.testing.assert_allclose(flatten(space, codec.decode(np.ones(size))), codec.high)
    middle = flatten(space, codec.decode(np.zeros(size)))
    np.testing.assert_allclose(middle, (codec.low + codec.high) / 2, atol=0.5)


UNDONE = {
    "box without bounds": (spaces.Box(-INF, INF, (2,)), "number 0 has no bounds"),
    "box with half of its bounds": (
        spaces.Box(np.array([0, 0], np.float32), np.array([1, INF], np.float32)),
        "number 1 has no bounds",
    ),
    "box inside, without bounds": (
        spaces.Dict({"gas": spaces.Box(0, INF, ())}),
        r"the action\['gas'\] is .* has no bounds",
    ),
    "both": (
        spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1)]),
        "partly one of a few and partly numbers",
    ),
    "one of boxes": (spaces.OneOf([spaces.Box(0, 1), spaces.Box(0, 2)]), "a choice, then numbers"),
    "too many": (spaces.MultiDiscrete([100, 100]), "one of more than the 4,096"),
    "text": (spaces.Text(3), "the action is a Text; agents here take one of a few"),
    "text inside": (spaces.Tuple([spaces.Box(0, 1), spaces.Text(3)]), r"the action\[1\] is a Text"),
    "graph": (spaces.Graph(NODES, None), "the action is a Graph, whose size varies"),
    "sequence": (spaces.Sequence(spaces.Discrete(2)), "the action is a Sequence"),
    "foreign": (Foreign(), "the action is a Foreign"),
    "no space": (None, "has builtins.NoneType for its space"),
}


@pytest.mark.parametrize(("space", "message"), UNDONE.values(), ids=UNDONE)
def test_what_cannot_be_done_is_named(space, message):
    with pytest.raises(UnfitSpaceError, match=message):
        action_codec(space)


class Guess(gymnasium.Env):
    """Shows one of the observations; the action that belongs to it brings 1, others nothing."""

    def __init__(self, seen, actions, pairs) -> None:
        self.observation_space, self.action_space, self.pairs = seen, actions, pairs

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.number = int(self.np_random.integers(len(self.pairs)))
        return self.pairs[self.number][0], {}

    def step(self, action):
        assert self.action_space.contains(action), action
        shown, wanted = self.pairs[self.number]
        return shown, float(str(action) == str(wanted)), True, False, {}


@pytest.fixture
def registered():
    """Return what registers an environment for one test."""
    names = []

    def register(make) -> str:
        names.append(f"SpaceTest{next(_numbers)}-v0")
        gymnasium.register(names[-1], make, nondeterministic=True)
        return names[-1]

    yield register
    for name in names:
        del gymnasium.registry[name]


_numbers = itertools.count()


@pytest.mark.parametrize("actions", [space for space, _ in DONE.values()], ids=DONE)
def test_the_action_that_belongs_to_each_observation_is_learned(
    actions, registered, learner, linear
):
    seen = spaces.Discrete(3, start=4)
    count = action_codec(actions).count
    wanted = [action_codec(actions).decode(index) for index in (count - 1, 0, count // 2)]
    name = registered(lambda: Guess(seen, actions, list(zip([4, 5, 6], wanted, strict=True))))
    table = linear(3, count)
    strategy = learner(
        "dqn", table, environment=name, discount=0, learning_rate=0.05, batch_size=64,
        return_steps=1, min_samples=1500, epsilon_max=1.0, epsilon_min=1.0, steps_per_update=1,
    )  # fmt: skip

    for _ in range(150):
        strategy.step()

    played = play(strategy.policy, name, 20, 0)
    assert played.mean == 1.0


class Answers(gymnasium.Env):
    """Returns what it is told to."""

    observation_space = spaces.Box(-1, 1, (2,))
    action_space = spaces.Discrete(2)

    def __init__(self, begin=None, step=None) -> None:
        self.begin, self.answer = begin, step

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return (GOOD, {}) if self.begin is None else self.begin

    def step(self, action):
        return self.answer


GOOD = np.zeros(2, np.float32)


def _step(**changes):
    named = {"seen": GOOD, "reward": 1.0, "end": False, "cut": False, "info": {}} | changes
    return tuple(named.values())


ANSWERS = {
    "old reset": ({"begin": GOOD}, r"reset\(seed=.*gave an array of float32, shape \[2\]"),
    "reset of three": ({"begin": (GOOD, {}, 1)}, "gave a tuple of 3; .* .observation, info"),
    "old step": ({"step": (GOOD, 1.0, False, {})}, "gave a tuple of 4; .* .observation, reward"),
    "step of nothing": ({"step": None}, "gave NoneType None"),
    "another shape": ({"step": _step(seen=np.zeros(3, np.float32))}, r"shape \[3\]; its space"),
    "another shape at first": ({"begin": (np.zeros((1, 2)), {})}, r"in reset.* shape \[1, 2\]"),
    "another type": ({"step": _step(seen=np.array(["a", "b"]))}, "of type <U1; its space"),
    "complex numbers": ({"step": _step(seen=GOOD.astype(complex))}, "of type complex128"),
    "a word": ({"step": _step(seen="here")}, "the observation is str 'here'"),
    "outside": (
        {"step": _step(seen=np.array([0, 1.5], np.float32))},
        "number 1 of the observation is 1.5, outside -1 to 1",
    ),
    "not finite": ({"step": _step(seen=np.array([0, np.nan]))}, "only finite numbers"),
    "a reward that is none": ({"step": _step(reward=None)}, "the reward is NoneType None"),
    "a reward in a list": ({"step": _step(reward=[1.0])}, r"the reward is list \[1.0\]"),
    "a reward of two": ({"step": _step(reward=GOOD)}, "the reward is an array"),
    "an infinite reward": ({"step": _step(reward=-INF)}, "with the reward -inf"),
    "an end that is text": ({"step": _step(end="no")}, "terminated is str 'no'"),
    "a cut for each agent": ({"step": _step(cut={})}, "truncated is dict {}"),
}


@pytest.mark.parametrize(("answers", "message"), ANSWERS.values(), ids=ANSWERS)
def test_what_an_environment_returns_is_refused_at_submit_with_what_came(
    answers, message, registered
):
    name = registered(lambda: Answers(**answers))

    with pytest.raises(InvalidRequestError, match=message) as caught:
        try_environment(name)

    (field,) = caught.value.errors
    assert (field.field, field.value) == ("environment", name)


@pytest.mark.parametrize(
    "seen",
    [GOOD.astype(np.float64), [0.0, 0.5], GOOD.astype(np.float16), np.array([0, 1])],
    ids=["float64", "a list", "float16", "integers"],
)
def test_what_is_the_same_number_is_taken(seen, registered):
    name = registered(lambda: Answers(step=_step(seen=seen, reward=np.int64(1), end=np.False_)))
    environments = VectorEnvironment(name, 1, itertools.count())

    moves = environments.step(np.zeros(1, np.int64))

    assert (moves.observations.dtype, moves.rewards.tolist()) == (np.float32, [1.0])


def test_an_observation_outside_a_discrete_space_is_named_while_it_is_played(registered):
    space = spaces.Discrete(3, start=1)
    name = registered(lambda: Guess(space, spaces.Discrete(2), [(0, 1)]))

    with pytest.raises(PlatformError, match=r"the observation is int 0, which is not in Discrete"):
        VectorEnvironment(name, 1, itertools.count())


def test_what_gymnasiums_checker_says_is_a_warning_of_the_submission(registered):
    class Unseeded(Answers):
        def reset(self, *, seed=None, options=None):
            return GOOD, {}

    name = registered(lambda: Unseeded(step=_step()))

    found = check(JobType.ACT, [bundled_networks()["mlp"]], None, None, {"environment": name})

    assert not found.errors
    (warning,) = found.warnings
    assert warning.startswith(f"Gymnasium's checker says of {name}: ")
    assert "super().reset(seed=seed)" in warning


def test_a_refused_environment_is_blamed_on_its_field(registered):
    name = registered(lambda: Guess(spaces.Graph(NODES, None), spaces.Discrete(2), []))

    found = check(JobType.ACT, [bundled_networks()["mlp"]], None, None, {"environment": name})

    (error,) = found.errors
    assert (error.field, error.value) == ("environment", name)
    assert "the observation is a Graph" in error.message


def test_gymnasiums_own_environments_are_tried_without_complaint():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert try_environment("CartPole-v1") == try_environment("Pendulum-v1") == ()


def test_gymnasiums_own_environments_may_leave_their_bounds():
    """LunarLander does, high above the ground."""
    far = np.array([9.0, 0, 0, 0], np.float32)  # CartPole declares 4.8
    cart = Answers(begin=(far, {}), step=(far, 1.0, True, False, {}))

    environments = VectorEnvironment.around([cart], "CartPole-v1", itertools.count())

    assert environments.step(np.ones(1, np.int64)).observations[0, 0] == 9


def test_an_environment_without_spaces_is_named(registered):
    class Bare(gymnasium.Env):
        pass

    with pytest.raises(InvalidRequestError, match="declares no observation_space"):
        environment_facts(registered(Bare))


def test_a_nested_environment_is_described(registered):
    space = SEEN["spaces inside spaces"]
    name = registered(lambda: Guess(space, BOXES["dict"], []))

    facts = environment_interface(name).facts

    assert facts.observation_shape == (2 + 2 + 2 + 3,)
    assert (facts.action_size, facts.action_low) == (3, (0, -3, -3))


@pytest.mark.parametrize("value", [np.array([1, 2]), 3.0, "1", None, True, 9])
def test_only_whole_numbers_are_numbers_of_states(value):
    codec = observation_codec(spaces.Discrete(4))
    if value is True:
        assert codec.encode(value).tolist() == [0, 1, 0, 0]
        return

    with pytest.raises(OutsideError):
        codec.encode(value)
