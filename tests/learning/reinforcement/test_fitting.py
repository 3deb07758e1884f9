"""What is said at submit of networks and environments that do not go together."""

from __future__ import annotations

import pytest

from jupyter_platform.core.errors import InvalidRequestError
from jupyter_platform.core.networks import bundled_networks
from jupyter_platform.core.options import LearnOptions
from jupyter_platform.learning.reinforcement.environments import environment_facts
from jupyter_platform.learning.reinforcement.fitting import check_acting, fit
from jupyter_platform.learning.reinforcement.policies import Head
from jupyter_platform.learning.strategies import strategy_type
from jupyter_platform.learning.strategies.roles import check_roles

CARTPOLE, PENDULUM = "CartPole-v1", "Pendulum-v1"


def act(network: str, environment: str, **options):
    check_acting([bundled_networks()[network]], {"environment": environment, **options})


@pytest.mark.parametrize(
    ("network", "environment", "head", "history"),
    [
        ("q-network", CARTPOLE, Head.VALUES, 0),
        ("recurrent-q-network", CARTPOLE, Head.VALUES, 16),
        ("actor", PENDULUM, Head.ACTION, 0),
        ("actor-critic", CARTPOLE, Head.CATEGORICAL_CRITIC, 0),
        ("actor-critic", PENDULUM, Head.GAUSSIAN_CRITIC, 0),
        ("mlp", CARTPOLE, Head.VALUES, 0),
    ],
)
def test_what_goes_together(network, environment, head, history):
    act(network, environment)

    found = fit(bundled_networks()[network], environment_facts(environment), 16)
    assert (found.head, found.history) == (head, history)


@pytest.mark.parametrize(
    ("network", "environment", "message"),
    [
        ("q-network", PENDULUM, "made to be q, which values each of a few actions; Pendulum-v1"),
        ("actor", CARTPOLE, "made to be actor, .*; CartPole-v1 takes one of 2 actions: give"),
        ("critic", PENDULUM, "made to be critic, which judges actions"),
        ("critic", CARTPOLE, "made to be critic"),
    ],
)
def test_networks_made_for_other_actions_do_not_act(network, environment, message):
    with pytest.raises(InvalidRequestError, match=message) as caught:
        act(network, environment)

    (field,) = caught.value.errors
    assert (field.field, field.value) == ("networks", network)


@pytest.mark.parametrize(
    ("network", "environment", "strategy"),
    [("actor", PENDULUM, "sampling"), ("actor", PENDULUM, "boltzmann"),
     ("q-network", CARTPOLE, "gaussian_noise")],
)  # fmt: skip
def test_ways_to_choose_that_a_network_gives_nothing_for_are_refused(
    network, environment, strategy
):
    with pytest.raises(InvalidRequestError, match=f"action_strategy = {strategy}") as caught:
        act(network, environment, action_strategy=strategy)

    assert caught.value.errors[0].field == "action_strategy"


def test_a_learner_of_actions_cannot_draw_them():
    options = LearnOptions(strategy="ddpg", environment=PENDULUM, action_strategy="sampling")

    with pytest.raises(InvalidRequestError, match="needs a network that gives a distribution"):
        strategy_type("ddpg").signatures(options, None)


def test_actor_and_critic_do_not_change_places():
    known = bundled_networks()
    kind = strategy_type("ddpg")

    check_roles(kind.roles, "ddpg", [known["actor"], known["critic"]])
    check_roles(kind.roles, "ddpg", [known["mlp-regression"], known["critic"]])
    with pytest.raises(InvalidRequestError, match="give them in the order actor, critic"):
        check_roles(kind.roles, "ddpg", [known["critic"], known["actor"]])
