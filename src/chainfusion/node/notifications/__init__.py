"""What an institution's people are told outside the workspace: occasions, an outbox, and its deliveries."""

from __future__ import annotations

from chainfusion.node.notifications.courier import Courier, running
from chainfusion.node.notifications.occasions import Occasion, occasions
from chainfusion.node.notifications.outbox import Letter, Outbox
from chainfusion.node.notifications.settings import NotificationSettings, NotificationsUnusable, read_settings

__all__ = [
    "Courier",
    "Letter",
    "NotificationSettings",
    "NotificationsUnusable",
    "Occasion",
    "Outbox",
    "occasions",
    "read_settings",
    "running",
]
