"""Every option that a job accepts has an effect, which a test sees.

`EFFECTS` has an entry for each option of each type of job: two runs that differ in nothing but it
and come to differ in what they leave behind, or the test that looks at its effect elsewhere. An
option without an entry fails here.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import torch

from jupyter_platform.core.datasets import DatasetDescriptor
from jupyter_platform.core.options import OPTION_MODELS, resolve_options
from jupyter_platform.core.options.notes import notes_on_options
from jupyter_platform.core.states import JobType
from jupyter_platform.learning.scoring.passing import batches
from tests.learning.training.test_learner import SMALL
from tests.running.effects import EFFECTS as OF_RUN

ROOT = Path(__file__).parents[2]
LEARN, EVALUATE, ACT, RUN = JobType.LEARN, JobType.EVALUATE, JobType.ACT, JobType.RUN

TEXT = DatasetDescriptor(
    name="text", kind="sequences", parameters={"samples": 400, "symbols": 4, "delay": 2, "seed": 1}
)

# What each kind of run learns, and how long.
SETTINGS = {
    "iris": (SMALL, "iris", {"max_iterations": 6, "validation_interval": 3, "batch_size": 20}),
    "long": (SMALL, "iris", {"max_iterations": 40, "validation_interval": 1}),
    "numbers": ("mlp-regression", "diabetes", {"max_iterations": 6, "learning_rate": 1e-4}),
    "digits": ("mlp", "digits", {"max_iterations": 3, "batch_size": 8}),
    "copies": ("autoencoder", "digits", {"max_iterations": 3, "batch_size": 8, "autoencode": True}),
    "gan": (
        ["gan-generator", "gan-discriminator"],
        "digits",
        {"strategy": "gan", "max_iterations": 3},
    ),
    "wgan": (
        ["gan-generator", "gan-discriminator"],
        "digits",
        {
            "strategy": "wgan",
            "max_iterations": 4,
            "critic_steps": 2,
            "initial_critic_steps": 3,
            "initial_iterations": 1,
        },
    ),
    "vae": (["vae-encoder", "vae-decoder"], "digits", {"strategy": "vae", "max_iterations": 3}),
    "text": ("char-lstm", TEXT, {"strategy": "bptt", "max_iterations": 3, "sequence_length": 8}),
}


def ran(setting, option, value, **beside):
    """Return an entry: a run of a setting, and one in which an option has another value."""
    return setting, beside, {option: value}


def at(where):
    """Return an entry: the test that looks at the effect, as ``folder/file.py::name``."""
    return where


_POLICIES = "learning/reinforcement/test_policies.py"
_AGENT = "learning/reinforcement/test_agent.py"
_PLAYING = "learning/reinforcement/test_strategies.py"
_EVALUATIONS = "learning/scoring/test_evaluations.py"
_ADAPTERS = "learning/data/adapters/test_adapters.py"
_GREEDY = f"{_POLICIES}::test_greedy_explores_as_often_as_asked_for_in_that_episode"
_DRIFT = f"{_POLICIES}::test_drifting_noise_has_the_spread_and_the_memory_of_the_process"
_WARMER = f"{_POLICIES}::test_temperatures_and_noise_fall_as_their_formula_says"
_MASKS = at(f"{_ADAPTERS}::test_masks_become_classes_true_first")

EFFECTS = {
    LEARN: {
        "method": ran("iris", "method", "ADAM"),
        "learning_rate": ran("iris", "learning_rate", 0.3),
        "momentum": ran("iris", "momentum", 0.9),
        "nesterov": ran("iris", "nesterov", 0.9),
        "l2": ran("iris", "l2", 0.1),
        "weight_decay": ran("iris", "weight_decay", 0.9, method="ADAMW", learning_rate=0.1),
        "smoothing": ran("iris", "smoothing", 0.1, method="RMSPROP"),
        "beta1": ran("iris", "beta1", 0.1, method="ADAM"),
        "beta2": ran("iris", "beta2", 0.1, method="ADAM"),
        "epsilon": ran("iris", "epsilon", 1.0, method="ADAM"),
        "clip_norm": ran("iris", "clip_norm", 1e-3),
        "clip_value": ran("iris", "clip_value", 1e-3),
        "accumulate": ran("iris", "accumulate", 2),
        "precision": ran("iris", "precision", "bfloat16"),
        "compile": at(
            "learning/training/test_learner.py::"
            "test_a_compiled_network_gives_the_same_for_any_batch_and_keeps_the_keys_of_its_weights"
        ),
        "train_set": ran("iris", "train_set", "0:50"),
        "validation_set": ran("iris", "validation_set", "0:7"),
        "test_set": at(
            "coordinator/jobs/submission/test_submitted_options.py::test_an_evaluation_judges_by_what_the_job_set_aside"
        ),
        "batch_size": ran("iris", "batch_size", 8),
        "sampling": ran("iris", "sampling", "UNIFORM"),
        "weighted_ranges": ran(
            "iris",
            "weighted_ranges",
            "10,19",
            sampling="WEIGHTED",
            weighted_ranges="0,9",
            probabilities="1",
        ),
        "probabilities": ran(
            "iris",
            "probabilities",
            "0.1",
            sampling="WEIGHTED",
            weighted_ranges="0,9",
            probabilities="1",
        ),
        "fetch_threads": at(
            "learning/training/test_learner.py::"
            "test_batches_read_ahead_from_files_change_nothing_not_even_for_a_resume"
        ),
        "sample_range": ran("iris", "sample_range", "60"),
        "vertical_flip": ran("digits", "vertical_flip", 1.0),
        "horizontal_flip": ran("digits", "horizontal_flip", 1.0),
        "rotation": ran("digits", "rotation", 1.0),
        "rotation_center": ran("digits", "rotation_center", "center", rotation=1.0),
        "rotation_zero_pad": ran("digits", "rotation_zero_pad", True, rotation="0.7,0.8"),
        "crop_width": ran("digits", "crop_width", 6),
        "crop_height": ran("digits", "crop_height", 6),
        "crop_padding": ran("digits", "crop_padding", 2, crop_width=8, crop_height=8),
        "frame": ran("digits", "frame", "6,6"),
        "binarize": ran("digits", "binarize", 0.5),
        "autoencode": at(f"{_ADAPTERS}::autoencode"),
        "encoder_noise": ran("copies", "encoder_noise", 0.5),
        "encoder_drop": ran("copies", "encoder_drop", 0.5),
        "labels": ran("digits", "labels", "1,2"),
        "other_label": ran("digits", "other_label", True, labels="1,2"),
        "mask_to_class": _MASKS,
        "mask_center": _MASKS,
        "mask_threshold": _MASKS,
        "schedule": ran("iris", "schedule", "cosine"),
        "decay_rate": ran("iris", "decay_rate", 0.5),
        "decay_type": ran("iris", "decay_type", "LINEAR", decay_rate=0.003),
        "min_learning_rate": ran("iris", "min_learning_rate", 0.009, decay_rate=3.0),
        "step_interval": ran("iris", "step_interval", 2, schedule="step"),
        "plateau_patience": ran(
            "long", "plateau_patience", 1, schedule="plateau", learning_rate=1e-30
        ),
        "schedule_factor": ran("iris", "schedule_factor", 0.9, schedule="step", step_interval=2),
        "cosine_length": ran("iris", "cosine_length", 3, schedule="cosine"),
        "warmup": ran("iris", "warmup", 5),
        "loss_threshold": ran("long", "loss_threshold", 1e9),
        "validation_threshold": ran("long", "validation_threshold", 1e9),
        "threshold_window": ran("long", "threshold_window", 20, loss_threshold=1e9),
        "trace_interval": ran("long", "trace_interval", 3, loss_threshold=1e9),
        "max_time": at("learning/training/test_learner.py::test_time_ends_a_run"),
        "nan_retries": at(
            "acceptance/test_learning.py::"
            "test_a_loss_that_is_no_number_goes_back_to_the_checkpoint_and_every_step_is_there_once"
        ),
        "sync_interval": at("learning/distributed/test_gang_runs.py::sync_interval"),
        "strategy": at(
            "learning/training/test_strategy_runs.py::test_an_adversarial_pair_runs_on_the_digits"
        ),
        "criterion": ran("numbers", "criterion", "ABS"),
        "huber_delta": ran("numbers", "huber_delta", 0.1, criterion="HUB"),
        "strategy_options": at(
            "learning/strategies/test_uploaded.py::"
            "test_a_file_becomes_a_strategy_with_options_of_its_own"
        ),
        "max_iterations": ran("iris", "max_iterations", 5),
        "epochs": at(
            "learning/training/test_learner.py::"
            "test_epochs_pass_over_every_sample_and_schedules_know_how_long_they_are"
        ),
        "validation_interval": ran("iris", "validation_interval", 2),
        "checkpoint_interval": ran("iris", "checkpoint_interval", 2),
        "store_interval": ran("iris", "store_interval", 2),
        "fixed": ran("iris", "fixed", "first"),
        "seed": ran("iris", "seed", 1),
        "tag": at(
            "coordinator/jobs/submission/test_submission.py::"
            "test_learning_under_a_tag_goes_on_from_its_last_weights"
        ),
        "replace_best": at("coordinator/repository/networks/test_weights_of_jobs.py::replace_best"),
        "init_tag": at(
            "coordinator/jobs/submission/test_submission.py::"
            "test_init_tag_gives_weights_to_start_from_and_another_tag_keeps_those_that_come"
        ),
        "clean": at(
            "coordinator/jobs/submission/test_submission.py::"
            "test_learning_under_a_tag_goes_on_from_its_last_weights"
        ),
        "latent_size": ran("vae", "latent_size", 4),
        "latent_samples": ran("vae", "latent_samples", 3),
        "beta": ran("vae", "beta", 0.1),
        "observation_stdev": ran("vae", "observation_stdev", 0.5, criterion="MSE"),
        "lipschitz": ran("wgan", "lipschitz", "PENALTY"),
        "weight_clamp": ran("wgan", "weight_clamp", 0.1),
        "gradient_penalty": ran("wgan", "gradient_penalty", 1.0, lipschitz="PENALTY"),
        "critic_steps": ran("wgan", "critic_steps", 1),
        "initial_critic_steps": ran("wgan", "initial_critic_steps", 5),
        "initial_iterations": ran("wgan", "initial_iterations", 2),
        "teacher_tag": at(
            "coordinator/jobs/submission/test_submission.py::"
            "test_a_teacher_comes_with_its_weights_and_its_trainee_starts_afresh"
        ),
        "temperature": at(
            "learning/strategies/supervised/test_distillation.py::"
            "test_a_trainee_comes_to_say_what_its_teacher_says"
        ),
        "label_weight": at(
            "learning/strategies/supervised/test_distillation.py::test_labels_have_their_share_of_the_loss"
        ),
        "sequence_length": ran("text", "sequence_length", 4),
        "from_start": ran("text", "from_start", True),
        "stateful": ran("text", "stateful", True),
        "backprop_all": ran("text", "backprop_all", False),
        "environment": ran("dqn", "environment", "Acrobot-v1"),
        "parallel_environments": ran("dqn", "parallel_environments", 1),
        "agents": at(
            "coordinator/jobs/resolution/test_sources.py::"
            "test_agents_of_a_learner_explore_as_it_would_and_fill_its_pool"
        ),
        "discount": ran("dqn", "discount", 0.1),
        "reward_factor": ran("dqn", "reward_factor", 0.1),
        "evaluation_episodes": ran("dqn", "evaluation_episodes", 3),
        "memory_size": ran("dqn", "memory_size", 24),
        "min_samples": ran("dqn", "min_samples", 40),
        "steps_per_update": ran("dqn", "steps_per_update", 1),
        "return_steps": ran("dqn", "return_steps", 1),
        "double_q": ran("dqn", "double_q", False),
        "priority_exponent": ran("dqn", "priority_exponent", 0.9),
        "priority_correction": ran("dqn", "priority_correction", 1.0, priority_exponent=0.9),
        "target_interval": ran("dqn", "target_interval", 2),
        "target_rate": ran("ddpg", "target_rate", 0.5),
        "policy_rate_scaling": ran("ddpg", "policy_rate_scaling", 0.1),
        "publish_interval": at(f"{_AGENT}::test_a_pair_learns_and_the_agent_takes_up_the_weights"),
        "action_strategy": ran("dqn", "action_strategy", "boltzmann"),
        "epsilon_max": ran("dqn", "epsilon_max", 0.1),
        "epsilon_min": ran("dqn", "epsilon_min", 0.9, epsilon_decay=50.0),
        "epsilon_decay": ran("dqn", "epsilon_decay", 50.0),
        "temperature_max": ran("dqn", "temperature_max", 9.0, action_strategy="boltzmann"),
        "temperature_min": _WARMER,
        "temperature_decay": _WARMER,
        "noise_max": ran("ddpg", "noise_max", 0.9),
        "noise_min": _WARMER,
        "noise_decay": _WARMER,
        "theta": ran("ddpg", "theta", 0.9, action_strategy="ornstein_uhlenbeck"),
        "sigma": ran("ddpg", "sigma", 0.9, action_strategy="ornstein_uhlenbeck"),
        "rollout_length": ran("ppo", "rollout_length", 16),
        "rollout_epochs": ran("ppo", "rollout_epochs", 2),
        "clip_range": ran("ppo", "clip_range", 1e-4),
        "gae_lambda": ran("ppo", "gae_lambda", 0.1),
        "entropy_weight": ran("ppo", "entropy_weight", 1.0),
        "value_weight": ran("ppo", "value_weight", 0.01),
    },
    EVALUATE: {
        "tag": at("coordinator/jobs/submission/test_submission.py::store_weights"),
        "store_if_smaller_than": at(
            f"{_EVALUATIONS}::test_classes_are_kept_by_their_error_rate_as_in_dianne"
        ),
        "store_if_larger_than": at(
            f"{_EVALUATIONS}::test_classes_are_kept_by_their_error_rate_as_in_dianne"
        ),
        "part": ran("judged", "part", "train"),
        "test_set": ran("judged", "test_set", "0:20"),
        "strategy": ran("judged", "strategy", "criterion"),
        "batch_size": at("learning/test_option_effects.py::test_batches_have_the_size_asked_for"),
        "criterion": ran("judged", "criterion", "CE"),
        "decision_threshold": at(f"{_EVALUATIONS}::test_two_classes_by_one_number"),
        "granularity": at(f"{_EVALUATIONS}::test_runs_of_samples_are_seen_in_order"),
        "sequence_length": at(f"{_EVALUATIONS}::test_runs_of_samples_are_seen_in_order"),
        "environment": at("learning/reinforcement/test_acceptance.py::environment"),
        "episodes": at("learning/reinforcement/test_acceptance.py::episodes"),
        "discount": at("learning/reinforcement/test_pool.py::returns"),
        "include_outputs": ran("judged", "include_outputs", True),
        "latent_size": at(
            f"{_EVALUATIONS}::test_the_bound_of_a_linear_autoencoder_is_the_one_in_closed_form"
        ),
        "latent_samples": at(
            f"{_EVALUATIONS}::test_the_bound_of_a_linear_autoencoder_is_the_one_in_closed_form"
        ),
        "observation_stdev": at(
            f"{_EVALUATIONS}::test_the_bound_of_a_linear_autoencoder_is_the_one_in_closed_form"
        ),
        "seed": at(
            f"{_EVALUATIONS}::test_the_bound_of_a_linear_autoencoder_is_the_one_in_closed_form"
        ),
        "sample_range": ran("judged", "sample_range", "90:140"),
        "crop_width": at(f"{_ADAPTERS}::crop_width"),
        "crop_height": at(f"{_ADAPTERS}::crop_height"),
        "crop_padding": at(f"{_ADAPTERS}::crop_padding"),
        "frame": at(f"{_ADAPTERS}::frame"),
        "binarize": at(f"{_ADAPTERS}::binarize"),
        "autoencode": at(f"{_ADAPTERS}::autoencode"),
        "labels": at(f"{_ADAPTERS}::labels"),
        "other_label": at(f"{_ADAPTERS}::other_label"),
        "mask_to_class": _MASKS,
        "mask_center": _MASKS,
        "mask_threshold": _MASKS,
    },
    ACT: {
        "environment": at(f"{_AGENT}::test_an_agent_keeps_every_episode_and_tells_what_it_brought"),
        "tag": at(f"{_AGENT}::test_a_pair_learns_and_the_agent_takes_up_the_weights"),
        "max_sequences": at(f"{_AGENT}::test_shares_of_agents_add_up_to_what_was_asked_for"),
        "max_iterations": at(f"{_AGENT}::test_an_agent_ends_after_as_many_actions_as_asked_for"),
        "max_actions": at(f"{_AGENT}::test_pictures_are_of_the_best_and_the_latest_episode"),
        "parallel_environments": at(
            f"{_AGENT}::test_an_agent_ends_after_as_many_actions_as_asked_for"
        ),
        "sequence_length": at(f"{_POLICIES}::history"),
        "seed": at(f"{_AGENT}::seed"),
        "frames": at(f"{_AGENT}::test_pictures_are_of_the_best_and_the_latest_episode"),
        "pool": at(f"{_AGENT}::test_an_agent_keeps_every_episode_and_tells_what_it_brought"),
        "memory_size": at(
            "coordinator/jobs/resolution/test_sources.py::test_a_pool_is_made_only_when_the_job_is"
        ),
        "until_learnt": at(f"{_AGENT}::test_a_pair_learns_and_the_agent_takes_up_the_weights"),
        "clear": at("learning/reinforcement/test_pool.py::test_clearing_forgets_and_goes_on"),
        "action_strategy": at(f"{_POLICIES}::action_strategy"),
        "epsilon_max": _GREEDY,
        "epsilon_min": _GREEDY,
        "epsilon_decay": _GREEDY,
        "temperature_max": _WARMER,
        "temperature_min": _WARMER,
        "temperature_decay": _WARMER,
        "noise_max": _WARMER,
        "noise_min": _WARMER,
        "noise_decay": _WARMER,
        "theta": _DRIFT,
        "sigma": _DRIFT,
    },
    RUN: {name: at(f"running/{test}") for name, test in OF_RUN.items()},
}
SETTINGS |= {
    "dqn": (
        "q-network",
        None,
        {
            "strategy": "dqn",
            "environment": "CartPole-v1",
            "max_iterations": 30,
            "min_samples": 16,
            "batch_size": 8,
            "validation_interval": 15,
            "evaluation_episodes": 1,
            "parallel_environments": 2,
            "target_interval": 5,
            "learning_rate": 0.01,
        },
    ),
    "ddpg": (
        ["actor", "critic"],
        None,
        {
            "strategy": "ddpg",
            "environment": "Pendulum-v1",
            "max_iterations": 12,
            "min_samples": 16,
            "batch_size": 8,
            "validation_interval": 0,
            "parallel_environments": 1,
        },
    ),
    "ppo": (
        "actor-critic",
        None,
        {
            "strategy": "ppo",
            "environment": "CartPole-v1",
            "max_iterations": 10,
            "batch_size": 16,
            "rollout_length": 32,
            "parallel_environments": 2,
            "validation_interval": 0,
            "learning_rate": 0.01,
        },
    ),
}
RUNS = [
    (job_type, option, entry)
    for job_type, entries in EFFECTS.items()
    for option, entry in entries.items()
    if isinstance(entry, tuple)
]


def left_behind(folder):
    """Return what a run leaves, without what differs from one time to the next."""
    result = json.loads((folder / "result.json").read_text())
    assert result["status"] in ("finished", "stopped"), result.get("error")
    found = {key: value for key, value in result["result"].items() if not re.search("_s$|_ms", key)}
    found.pop("examples", None)
    found.pop("forward_ms_per_sample", None)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    told = [
        {key: value for key, value in item.items() if key in ("kind", "step", "variant", "text")}
        for item in events
    ]
    digests = {}
    for path in sorted(folder.glob("weights/*")) + sorted(folder.glob("files/*")):
        digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    curves = {path.name: path.stat().st_size for path in folder.glob("metrics/*.rec")}
    return json.dumps([found, told, digests, curves], sort_keys=True, default=str)


@pytest.fixture
def leave(make_run, run_process, tmp_path):
    """Run a setting with options; return what it leaves behind."""

    def leaves(name, setting, **options):
        if setting == "judged":
            network, dataset, _ = SETTINGS["iris"]
            learnt = make_run(f"{name}-l", LEARN, network, dataset, max_iterations=3)
            run_process(learnt)
            weights = learnt / "weights" / "last.safetensors"
            folder = make_run(name, EVALUATE, network, dataset, weights=weights, **options)
        else:
            network, dataset, beside = SETTINGS[setting]
            folder = make_run(name, LEARN, network, dataset, **{**beside, **options})
        run_process(folder)
        return left_behind(folder)

    return leaves


@pytest.mark.parametrize(
    ("job_type", "option", "entry"), RUNS, ids=[f"{kind}-{name}" for kind, name, _ in RUNS]
)
def test_an_option_that_is_accepted_has_an_effect(leave, job_type, option, entry):
    setting, beside, changed = entry

    plain = leave("plain", setting, **beside)
    other = leave("other", setting, **{**beside, **changed})

    assert plain != other


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name != "copies"])
def test_the_same_run_leaves_the_same_behind(leave, setting):
    assert leave("a", setting) == leave("b", setting)


@pytest.mark.parametrize("job_type", list(OPTION_MODELS))
def test_every_option_has_an_entry(job_type):
    model = OPTION_MODELS[job_type]

    assert set(model.model_fields) - set(model.refused) == set(EFFECTS[job_type])


@pytest.mark.parametrize(
    "where",
    sorted(
        {
            entry
            for entries in EFFECTS.values()
            for entry in entries.values()
            if isinstance(entry, str)
        }
    ),
)
def test_tests_that_look_at_an_effect_elsewhere_are_there(where):
    file, _, name = where.partition("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")

    assert re.search(rf"\b{name}\b", text), where


@pytest.mark.parametrize("job_type", list(OPTION_MODELS))
def test_what_needs_another_option_is_warned_of_without_it(job_type):
    model = OPTION_MODELS[job_type]
    values = {"rotation_center": "center", "decay_type": "LINEAR", "min_learning_rate": 1e-5}
    values |= {"mask_threshold": 0.3, "threshold_window": 5, "trace_interval": 5}
    for name in model.model_fields:
        if not model.needed(name) or name in model.refused:
            continue
        options = {name: values.get(name, True)}
        if name == "evaluation_episodes":
            options = {name: 3, "strategy": "dqn", "validation_interval": 0, "environment": "a"}
        if name == "priority_correction":
            options = {name: 0.5, "strategy": "dqn", "environment": "a"}
        resolved, given = resolve_options(job_type, options)
        notes = notes_on_options(resolved, options, given, 1)
        assert any(note.startswith(f"{name} has no effect") for note in notes), name


def test_batches_have_the_size_asked_for():
    assert [len(part) for part in batches(torch.arange(10), 4, None)] == [4, 4, 2]
