"""What starts now, what room is kept and why the others wait: pure, without clock or store."""

from jupyter_platform.coordinator.workloads.planning.model import (
    Forecasts,
    LeaseView,
    Pending,
    Placement,
    Plan,
    PlanningPolicy,
    RankPlacement,
    Reason,
    Reservation,
    Shape,
    Usage,
)
from jupyter_platform.coordinator.workloads.planning.planner import plan
from jupyter_platform.coordinator.workloads.planning.reasons import sentence

__all__ = [
    "Forecasts",
    "LeaseView",
    "Pending",
    "Placement",
    "Plan",
    "PlanningPolicy",
    "RankPlacement",
    "Reason",
    "Reservation",
    "Shape",
    "Usage",
    "plan",
    "sentence",
]
