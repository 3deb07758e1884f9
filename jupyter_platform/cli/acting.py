"""``jupyter platform environments | pools | rl``."""

from __future__ import annotations

from typing import Any

import click

from jupyter_platform.cli.catalogue import NameGroup
from jupyter_platform.cli.connecting import platform
from jupyter_platform.cli.follow import follow
from jupyter_platform.cli.output import (
    ago,
    json_option,
    note,
    print_fields,
    print_json,
    print_table,
    state_text,
)
from jupyter_platform.client.arguments import pair_parameters, start_pair
from jupyter_platform.core.environments import EnvironmentFacts
from jupyter_platform.core.pools import PoolRecord
from jupyter_platform.core.states import JobState
from jupyter_platform.core.units import format_bytes, format_count

EXAMPLE = "jupyter platform rl q-network CartPole-v1 max_iterations=5000 act.max_actions=300 -f"


@click.command()
@click.argument("name", required=False)
@json_option
def environments(name: str | None, as_json: bool) -> None:
    """List the environments that agents can act in; with NAME show one."""
    hub = platform()
    if name is not None:
        facts = hub.environment(name)
        if as_json:
            print_json(facts)
        else:
            print_fields(_environment_fields(facts))
        return
    found = hub.environments()
    if as_json:
        print_json(list(found))
        return
    print_table(("ID", "LONGEST EPISODE", ">SOLVED FROM", "CODE"), found.rows())


@click.group(cls=NameGroup, invoke_without_command=True)
@json_option
@click.pass_context
def pools(ctx: click.Context, as_json: bool) -> None:
    """List experience pools; `pools NAME` shows one, clear and remove change them."""
    if ctx.invoked_subcommand is not None:
        return
    found = platform().pools()
    if as_json:
        print_json(list(found))
        return
    print_table(
        ("NAME", "ENVIRONMENT", ">EPISODES", ">ROWS", ">HOLDS", ">ON DISK"),
        found.rows(),
        empty="There is no pool; an ACT job with pool=NAME makes one.",
    )


@pools.command("show")
@click.argument("name")
@json_option
def show_pool(name: str, as_json: bool) -> None:
    """Show a pool: its environment, and how much is in it."""
    record = platform().pool(name)
    if as_json:
        print_json(record)
    else:
        print_fields(_pool_fields(record))


@pools.command("clear")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
def clear_pool(names: tuple[str, ...]) -> None:
    """Let pools forget their episodes."""
    hub = platform()
    for name in names:
        hub.clear_pool(name)
        click.echo(f"{name}  cleared")


@pools.command("remove")
@click.argument("names", metavar="NAME…", nargs=-1, required=True)
def remove_pool(names: tuple[str, ...]) -> None:
    """Remove pools with all that is in them."""
    hub = platform()
    for name in names:
        hub.remove_pool(name)
        click.echo(f"{name}  removed")


@click.command(epilog=f"Example: {EXAMPLE}")
@pair_parameters
@click.option("--follow", "-f", "following", is_flag=True, help="Watch the learner to its end.")
@json_option
def rl(following: bool, as_json: bool, **arguments: Any) -> int:
    """Start agents that act and a learner that learns from what they go through.

    NETWORK is a Q-network, or an actor with its critic behind a comma. KEY=VALUE words are
    options of the learner, act.KEY=VALUE those of the agents.
    """
    agent, learner = start_pair(platform(), **arguments)
    if following:
        record = follow(learner)
        return 1 if record.state in (JobState.FAILED, JobState.CANCELLED) else 0
    if as_json:
        print_json([agent.record, learner.record])
        return 0
    for job in (agent, learner):
        click.echo(f"{job.id}  {job.name}  {job.type}  {state_text(job.record.state)}")
    note(f"Follow it: jupyter platform job {learner.id} --follow")
    return 0


def _environment_fields(facts: EnvironmentFacts) -> list[tuple[str, str | None]]:
    actions = (
        f"one of {facts.actions}"
        if facts.is_discrete
        else f"{format_count(facts.action_size, 'number')} from {_bounds(facts.action_low)} to "
        f"{_bounds(facts.action_high)}"
    )
    longest, solved = facts.max_episode_steps, facts.reward_threshold
    return [
        ("id", facts.id),
        ("shows", "×".join(str(size) for size in facts.observation_shape) or "1"),
        ("takes", actions),
        ("longest episode", None if longest is None else format_count(longest, "action")),
        ("solved from", None if solved is None else f"{solved:g}"),
        ("learn it with", "dqn, recurrent_dqn or ppo" if facts.is_discrete else "ddpg or ppo"),
    ]


def _bounds(values: tuple[float, ...] | None) -> str:
    shown = sorted({f"{value:g}" for value in values or ()})
    return shown[0] if len(shown) == 1 else f"({', '.join(f'{item:g}' for item in values or ())})"


def _pool_fields(record: PoolRecord) -> list[tuple[str, str | None]]:
    return [
        ("name", record.name),
        ("environment", record.environment),
        ("episodes", f"{record.episodes:,} of {record.episodes_ever:,} ever written"),
        ("rows", f"{record.rows:,} of {record.capacity:,}"),
        ("on disk", format_bytes(record.bytes)),
        ("made", ago(record.created_at)),
    ]
