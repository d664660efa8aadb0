"""AWS on this machine, made from template.yaml itself: tables and their streams, queues, schedules, functions, and the
faults of a bad day. All of it obeys the clock.
"""

from local.aws.cloud import Cloud
from local.aws.functions import Context, Crashed
from local.aws.tables import SHAPE
from local.aws.template import ACCOUNT, REGION, Tag, Template

__all__ = ["ACCOUNT", "REGION", "SHAPE", "Cloud", "Context", "Crashed", "Tag", "Template"]
