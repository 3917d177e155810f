"""What is wrong ends in one message that names it, before anything is rendered."""

from __future__ import annotations

import pytest
import yaml

from tests.deploy.chart.house import CHART, needs_helm, objects, refused

pytestmark = needs_helm


@pytest.mark.parametrize(
    ("name", "setting", "said"),
    [
        ("external", "api.replicaz=3", "at '/api': additional properties 'replicaz' not allowed"),
        ("external", "apii.replicas=3", "additional properties 'apii' not allowed"),
        ("external", "preset=large", "at '/preset': value must be one of 'small', 'standard'"),
        ("external", "domain=https://x.example", "at '/domain'"),
        ("external", "api.replicas=0", "at '/api/replicas'"),
        ("external", "api.resources.limits.cpus=1", "additional properties 'cpus' not allowed"),
        ("external", "redis.external.broker=broker:6379", "at '/redis/external/broker'"),
        ("external", "edge.limits.rateGeneral=50", "at '/edge/limits/rateGeneral'"),
        ("external", "monitoring.alerts.enabled=true", "monitoring.alerts.enabled is true, and nobody would hear"),
        ("monitored", "monitoring.alerts.slack.existingSecret.name=", "slack.existingSecret.name is missing: name"),
        ("monitored", "monitoring.alerts.email.from=", "monitoring.alerts.email.from is missing: set it"),
        ("monitored", "externalSecrets.store.name=", "externalSecrets.store.name is missing: name"),
        ("external", "externalSecrets.enabled=true", "externalSecrets.secrets names none"),
        ("external", "domain=", "domain is missing: set it"),
        ("external", "image.tag=", "image.tag is missing: set it"),
        ("external", "image.tag=latest", "image.tag is latest: name a release"),
        ("external", "trustedProxies=", "trustedProxies is missing: set it"),
        ("external", "secrets.existingSecret=", "secrets.existingSecret is missing: name"),
        ("external", "database.existingSecret.name=", "database.existingSecret.name is missing: name"),
        ("external", "database.external.host=", "database.external.host is missing: set it"),
        ("external", "redis.existingSecret.name=", "redis.existingSecret.name is missing: name"),
        ("external", "redis.external.journal=", "redis.external.journal is missing: set it"),
        ("external", "edge.tlsSecret=", "edge.tlsSecret is missing: name"),
        ("external", "api.autoscaling.min=101", "api.autoscaling.min is 101, above max, which is 100"),
        ("external", "audioWorker.autoscaling.max=9", "audioWorker.autoscaling.min is 10, above max, which is 9"),
        ("external", "database.external.maxConnections=300", "too many connections: at their maximum"),
        ("external", "api.databasePool=30", "too many connections"),
        ("keda", "database.pooler.size=900", "too many connections"),
        ("keda", "database.external.caSecret.name=", "with sslmode verify-full the authority of PostgreSQL's"),
        ("keda", "database.external.caSecret.keys=x", "additional properties 'keys' not allowed"),
        ("external", "scaling.mode=keda", "scaling.prometheusUrl is missing: KEDA's triggers ask Prometheus"),
        ("external", "database.pooler.mode=transaction", "without database.pooler.tracksSearchPath"),
        ("external", "database.pooler.mode=session", "database.pooler.host is missing"),
        (
            "external",
            "redis.mode=single",
            "redis.mode is single, and preset is standard: one Redis",
        ),
        ("external", "redis.mode=valkey", "redis.external has an address, and redis.mode is valkey"),
        ("valkey", "redis.mode=external", "redis.external.broker is missing: set it to a URL"),
        ("valkey", "redis.existingSecret.name=", "redis.existingSecret.name is missing: name"),
        ("external", "redis.external.cache=sentinel://a:1/x", "at '/redis/external/cache'"),
        ("certificates", "certificates.namespace=legal-ai-intake", "certificates.namespace is the release's own"),
        ("certificates", "certificates.issuers.create=true", "certificates.issuers.email is missing"),
        ("certificates", "certificates.issuers.email=nobody", "at '/certificates/issuers/email'"),
        ("certificates", "certificates.issuers.server=ftp://x", "at '/certificates/issuers/server'"),
        ("certificates", "certificates.issuer=Not_A_Name", "at '/certificates/issuer'"),
        ("certificates", "edge.trustedProxies=null", "edge.proxyProtocol is true, and edge.trustedProxies is empty"),
        ("certificates", "edge.pairs.storage=much", "at '/edge/pairs/storage'"),
        ("external", "edge.service.sourceRanges[0]=example.org", "at '/edge/service/sourceRanges/0'"),
        ("keda", "edge.service.sourceRanges[0]=10.0.0.0/8", "only a LoadBalancer keeps others out"),
        ("external", "frontend.assetsOrigin=https://cdn.example.org/assets", "at '/frontend/assetsOrigin'"),
        ("external", "edge.service.externalTrafficPolicy=local", "at '/edge/service/externalTrafficPolicy'"),
        ("keda", "gateway.enabled=true", "gateway.enabled and ingress.enabled are both true"),
        ("keda", "ingress.tlsSecret=", "ingress.tlsSecret is missing: name"),
        ("cloudnativepg", "gateway.parentRefs=null", "gateway.parentRefs is missing"),
        ("cloudnativepg", "database.cloudnativepg.backup.destinationPath=", "backup.destinationPath is missing"),
        ("cloudnativepg", "database.cloudnativepg.backup.existingSecret=", "backup.existingSecret is missing"),
        ("cloudnativepg", "database.cloudnativepg.maxConnections=800", "too many connections"),
        ("monitored", "monitoring.probes.prober=", "monitoring.probes.prober is missing: set it"),
        ("monitored", "monitoring.probes.hosts[0]=https://x.example", "at '/monitoring/probes/hosts/0'"),
        ("monitored", "monitoring.rules.grafanaUrl=grafana", "at '/monitoring/rules/grafanaUrl'"),
        ("logs", "elasticsearch.mode=none", "logs.enabled is true, and elasticsearch.mode is none"),
        ("logs", "elasticsearch.mode=opensearch", "at '/elasticsearch/mode': value must be one of"),
        ("logs", "elasticsearch.eck.version=7.17.1", "at '/elasticsearch/eck/version'"),
        ("logs", "elasticsearch.eck.nodes=-1", "at '/elasticsearch/eck/nodes'"),
        ("logs", "elasticsearch.eck.replicas=3", "additional properties 'replicas' not allowed"),
        ("logs", "elasticsearch.mode=external", "elasticsearch.external.url is missing: set it"),
        ("logs", "elasticsearch.external.url=https://search.example.org:9200", "and elasticsearch.mode is eck: set"),
        ("external", "elasticsearch.external.url=search.example.org", "at '/elasticsearch/external/url'"),
        ("logs", "logs.existingSecret.name=", "logs.existingSecret.name is missing: name the Secret"),
        ("logs", "logs.namespace=legal-ai-intake", "logs.namespace is the release's own"),
        ("logs", "logs.namespace=Logs", "at '/logs/namespace'"),
        ("monitored", "database.existingSecret.key=passwort", "secrets.legal-intake-database has no key passwort"),
    ],
)
def test_it_is_refused(name: str, setting: str, said: str) -> None:
    assert said in refused(name, setting)


def test_a_wildcard_needs_its_dns() -> None:
    settings = ["certificates.issuers.create=true", "certificates.issuers.email=ops@example.org"]
    assert "certificates.issuers.dns01 is missing: a wildcard is proved" in refused("certificates", *settings)
    assert objects("certificates", *settings, "certificates.wildcardIssuer=")


def test_a_platform_without_any_pair_is_refused() -> None:
    settings = ["certificates.platform=false", "edge.tlsSecret="]
    assert "certificates.platform is false, and nobody else has" in refused("certificates", *settings)
    assert objects("certificates", "certificates.platform=false"), "with a Secret it is served"


def test_an_old_kubernetes_is_refused() -> None:
    assert "incompatible with Kubernetes" in refused("external", version="1.30.9")


@pytest.mark.parametrize(
    ("old", "new"),
    [(each["old"], each["new"]) for each in yaml.safe_load((CHART / "files/deprecations.yaml").read_text())],
)
def test_a_renamed_value_is_told_its_new_name(old: str, new: str) -> None:
    assert f"{old} was renamed: set {new} instead" in refused("external", f"{old}=7")
    # ... and the new one exists.
    found = yaml.safe_load((CHART / "values.yaml").read_text())
    for part in new.split("."):
        found = found[part]


def test_what_the_defaults_leave_out_is_all_that_a_first_install_needs() -> None:
    """The mode `external` has the 15 lines that docs/kubernetes.md shows."""
    lines = (CHART / "ci" / "external-values.yaml").read_text().splitlines()
    assert len(lines) <= 15
    assert objects("external")
