"""From what a person sent to a job that can be stored, or to a refusal."""

from jupyter_platform.coordinator.jobs.resolution.resolved import Resolved
from jupyter_platform.coordinator.jobs.submission.submissions import Submissions

__all__ = ["Resolved", "Submissions"]
