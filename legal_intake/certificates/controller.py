"""The pod `certificates`: verified domains become Certificates, and their pairs go to the edges.

    python -m legal_intake.certificates.controller

The only pod of ours with a Kubernetes token, and one of the few without the master key: it opens no firm's data. A pass
has three parts, each of which goes on when another cannot: our Certificates are listed, Secrets that changed are read
and shown to the edges, and the hosts of the database are compared with the Certificates.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import Counter, Gauge

from legal_intake.certificates.desired import GROUP, KIND, Found, Rules, wanted
from legal_intake.certificates.keeping import Keeper, Shelf
from legal_intake.certificates.kubernetes import Api, Busy, Place, Refused, Unreachable
from legal_intake.certificates.pairs import is_proof
from legal_intake.certificates.reconciling import Limits, Memory, Pass, State
from legal_intake.certificates.serving import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger("legal_intake.certificates")

PASS_SECONDS: Final = 10.0
LONGEST_PASS: Final = 240.0
STILL_SECONDS: Final = LONGEST_PASS + 60.0
PAGE: Final = 250
CHALLENGE_GROUP: Final = "acme.cert-manager.io/v1"

STATES = Gauge("legal_intake_certificates", "Hosts by the state of their Certificate.", ["state"])
EARLIEST_END = Gauge("legal_intake_certificates_earliest_end_seconds", "When the first certificate ends, Unix time.")
PASSES = Counter("legal_intake_certificates_passes", "Passes over the Certificates.", ["outcome"])
REQUESTS = Counter("legal_intake_certificates_api_requests", "Requests to the Kubernetes API server.")

Hosts = tuple[str, list[str]]


class Unusable(Exception):
    """A setting that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """What the environment says."""

    namespace: str
    rules: Rules
    limits: Limits
    token: Path
    address: tuple[str, int]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Settings:
        """Raises Unusable."""

        def needed(name: str, meaning: str) -> str:
            if value := environ.get(name, "").strip():
                return value
            raise Unusable(f"{name} is missing: {meaning}")

        def number(name: str, usual: int) -> int:
            text = environ.get(name, "") or str(usual)
            if text.isdecimal() and int(text) > 0:
                return int(text)
            raise Unusable(f"{name} is {text!r}: it must be a whole number above 0")

        kind = environ.get("CERTIFICATES_ISSUER_KIND") or "ClusterIssuer"
        if kind not in ("ClusterIssuer", "Issuer"):
            raise Unusable(f"CERTIFICATES_ISSUER_KIND is {kind!r}: use ClusterIssuer or Issuer")
        platform = environ.get("CERTIFICATES_PLATFORM") or "yes"
        if platform not in ("yes", "no"):
            raise Unusable(f"CERTIFICATES_PLATFORM is {platform!r}: use yes or no")
        return cls(
            namespace=needed("CERTIFICATES_NAMESPACE", "the namespace of Certificates and their Secrets"),
            rules=Rules(
                owner=needed("CERTIFICATES_OWNER", "the release, which marks its Certificates"),
                issuer=needed("CERTIFICATES_ISSUER", "the issuer for one host (HTTP-01)"),
                wildcard_issuer=environ.get("CERTIFICATES_WILDCARD_ISSUER", "").strip(),
                issuer_kind=kind,
                platform=platform == "yes",
            ),
            limits=Limits(
                per_pass=number("CERTIFICATES_PER_PASS", 20),
                per_window=number("CERTIFICATES_PER_3_HOURS", 250),
                keep=timedelta(days=number("CERTIFICATES_KEEP_DAYS", 7)),
            ),
            token=Path(environ.get("CERTIFICATES_TOKEN_FILE") or "/run/secrets/certificates_token"),
            address=(environ.get("CERTIFICATES_BIND") or "0.0.0.0", number("CERTIFICATES_PORT", 8088)),  # noqa: S104
        )


class Controller:
    """Passes, one after another. `one_pass` returns the seconds until the next.

    Args:
        settings: as the environment says.
        place: the API server.
        hosts: the base domain and every host that may have a certificate; may raise anything.
    """

    def __init__(self, settings: Settings, place: Place, hosts: Callable[[], Hosts]) -> None:
        self.shelf = Shelf()
        self._settings, self._place, self._hosts = settings, place, hosts
        self._keeper = Keeper(self.shelf, settings.rules)
        self._memory = Memory()
        self._said: dict[str, State] = {}
        self._trouble: dict[str, str] = {}
        self._looked_at = time.monotonic()
        self._waits = 0

    def trouble(self) -> str | None:
        """What stands still. An API server that is away is no reason: a new start would not bring it back."""
        still = time.monotonic() - self._looked_at
        return f"no pass has ended for {still:.0f} s" if still > STILL_SECONDS else None

    def one_pass(self) -> float:
        """One look at everything; the seconds until the next."""
        try:
            with Api(self._place, seconds=LONGEST_PASS) as api:
                try:
                    self._look(api)
                finally:
                    REQUESTS.inc(api.requests)
        except (Busy, Unreachable, Refused) as error:
            PASSES.labels("failed").inc()
            self._waits = min(self._waits + 1, 5)
            self._say("kubernetes", _advice(error))
            asked = error.seconds if isinstance(error, Busy) else 0.0
            return max(asked, PASS_SECONDS * 2.0 ** (self._waits - 1))
        else:
            PASSES.labels("done").inc()
            self._waits = 0
            self._say("kubernetes", "")
            return PASS_SECONDS
        finally:
            self._looked_at = time.monotonic()

    def _look(self, api: Api) -> None:
        certificates = {
            each.name: each
            for each in api.every(
                self._place.path(GROUP, KIND), Found.read, selector=self._settings.rules.selector, limit=PAGE
            )
        }
        proofs, reasons = self._challenges(api)
        self._keeper.look(api, certificates, proofs)
        if (end := self._keeper.earliest_end) is not None:
            EARLIEST_END.set(end.timestamp())
        try:
            base, hosts = self._hosts()
        except Exception as error:  # noqa: BLE001 - whatever keeps the hosts from us, the pairs are shown
            self._say("hosts", f"the hosts cannot be read: {type(error).__name__}; nothing is asked for or removed")
            return
        self._say("hosts", "")
        self._reconcile(api, wanted(base, hosts, self._settings.rules), certificates, reasons)

    def _reconcile(
        self, api: Api, found: tuple[dict[str, Any], list[str]], certificates: dict[str, Found], reasons: dict[str, str]
    ) -> None:
        these, unusable = found
        one = Pass(api, self._settings.rules, self._settings.limits, self._memory)
        states = one.run(these, certificates, self._keeper.secrets)
        for host in unusable:
            states[host] = State("refused", "NotAHost", "no certificate can be had for such a name")
        for name, state in states.items():
            reason = reasons.get(name)
            if reason and state.state in ("issuing", "failed"):
                states[name] = State(state.state, state.reason, reason)
        self._tell(states)

    def _challenges(self, api: Api) -> tuple[dict[str, str], dict[str, str]]:
        """What is to be answered on port 80 while an authority looks, and what stands in its way, by host."""
        try:
            found = api.every(self._place.path(CHALLENGE_GROUP, "challenges"), _challenge, limit=PAGE)
        except Refused as error:
            self._say("challenges", f"challenges cannot be read, so HTTP-01 has to be answered elsewhere: {error}")
            return {}, {}
        self._say("challenges", "")
        proofs = {token: key for host, token, key, reason in found if is_proof(token, key)}
        return proofs, {host: reason for host, _token, _key, reason in found if reason}

    def _tell(self, states: dict[str, State]) -> None:
        """A line for each host whose state is another than before, and the metrics anew."""
        for name, state in states.items():
            if self._said.get(name) != state and not (state.state == "waiting" and name not in self._said):
                level = logging.WARNING if state.state in ("failed", "refused") else logging.INFO
                fields = {"host": name, "state": state.state, "reason": state.reason, "said": state.message}
                logger.log(level, "certificate_state", extra=fields)
        self._said = states
        counts = dict.fromkeys(("ready", "issuing", "failed", "refused", "waiting"), 0)
        for state in states.values():
            counts[state.state] += 1
        for each, count in counts.items():
            STATES.labels(each).set(count)

    def _say(self, what: str, problem: str) -> None:
        """A trouble once when it comes and once when it goes, not each pass."""
        if self._trouble.get(what, "") == problem:
            return
        self._trouble[what] = problem
        if problem:
            logger.error("certificates_cannot_look", extra={"what": what, "reason": problem})
        else:
            logger.info("certificates_look_again", extra={"what": what})


def _challenge(thing: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Host, token, answer and reason of a challenge; no token where nothing has to be answered."""
    spec, status = thing.get("spec", {}), thing.get("status", {})
    reason = str(status.get("reason", ""))[:300]
    open_still = spec.get("type") == "HTTP-01" and status.get("state", "") in ("", "pending", "processing")
    token, key = (spec.get("token", ""), spec.get("key", "")) if open_still else ("", "")
    return str(spec.get("dnsName", "")), str(token), str(key), reason


def _advice(error: Exception) -> str:
    status = error.status if isinstance(error, Refused) else 0
    hint = {
        HTTPStatus.UNAUTHORIZED: "; the account's token is not taken",
        HTTPStatus.FORBIDDEN: "; the Role of `certificates` and CERTIFICATES_NAMESPACE must agree",
        HTTPStatus.NOT_FOUND: "; is cert-manager installed, and is the namespace there?",
    }
    return f"{error}{hint.get(HTTPStatus(status), '') if status else ''}"


def read_hosts() -> Hosts:
    """The base domain and the same hosts as in DOMAINS_FILE; whoever reads the database needs no file for them."""
    from django.conf import settings

    from tenants.domain_selectors import certificate_hosts
    from tenants.hosts import normalise_host

    return normalise_host(settings.BASE_DOMAIN), [host for host, _kind in certificate_hosts()]


def hosts_of_the_database() -> Hosts:
    """The same, over a connection that lasts no longer."""
    from django.db import connections

    try:
        return read_hosts()
    finally:
        connections.close_all()


def run_until(stop: threading.Event, controller: Controller, server: Server) -> None:
    """Serve and look until the event is set."""
    threading.Thread(target=server.serve_forever, name="edges", daemon=True).start()
    while not stop.is_set():
        try:
            pause = controller.one_pass()
        except Exception as error:
            # A fault of ours in one pass must not take the pairs from the edges.
            PASSES.labels("failed").inc()
            logger.exception("certificates_pass_broke", exc_info=error)
            pause = PASS_SECONDS * 3
        stop.wait(pause)
    controller.shelf.close()
    server.shutdown()
    server.server_close()


def main() -> int:
    """`python -m legal_intake.certificates.controller`."""
    from legal_intake.process import prepare, until_told_to_stop

    prepare("certificates", opens_firms=False)
    try:
        settings = Settings.read(os.environ)
        place = Place.read(os.environ, settings.namespace)
    except (Unusable, Unreachable) as error:
        sys.exit(f"Refusing to start: {error}")
    controller = Controller(settings, place, hosts_of_the_database)
    server = Server(settings.address, controller.shelf, settings.token, controller.trouble)
    run_until(until_told_to_stop(), controller, server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
