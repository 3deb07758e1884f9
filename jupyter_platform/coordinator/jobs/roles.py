"""The role that a host must offer for each type of job."""

from jupyter_platform.core.states import JobType

ROLES = {
    JobType.LEARN: "learner",
    JobType.EVALUATE: "evaluator",
    JobType.ACT: "agent",
    JobType.RUN: "runner",
}
