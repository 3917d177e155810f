"""What the scheduler's leader looks at for everybody's metrics, and what it tells certbot."""

from __future__ import annotations

import functools

from legal_intake.worker import import_actors
from tenants import domain_services, firm_look, queue_look
from tenants.archive import schedule as archives
from tenants.periodic import register
from tenants.redis import broker_redis


@functools.cache
def _queues() -> tuple[str, ...]:
    return tuple(sorted(import_actors()))


def look_at_queues() -> None:
    """Every queue that an actor of ours has."""
    queue_look.look(broker_redis(), _queues())


register("queue-look", queue_look.LOOK_SECONDS, look_at_queues, everywhere=True)
register("firm-look", firm_look.LOOK_SECONDS, firm_look.look)
register("certificate-hosts", domain_services.PUBLISH_SECONDS, domain_services.publish_hosts)
register("firm-archives", archives.LOOK_SECONDS, archives.look)
