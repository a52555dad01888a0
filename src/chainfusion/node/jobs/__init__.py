"""Long work, run beside the pages: started by a person, seen by the institution, found again after a restart."""

from __future__ import annotations

from chainfusion.node.jobs.job import AGAIN, OPEN, Job, JobState, JobUnknown, Stage
from chainfusion.node.jobs.runner import ITSELF, Jobs, Kind, Work

__all__ = ["AGAIN", "ITSELF", "OPEN", "Job", "JobState", "JobUnknown", "Jobs", "Kind", "Stage", "Work"]
