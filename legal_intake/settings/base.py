"""Settings. Production values come from the environment; with DEBUG on, from what `make run` started."""

from __future__ import annotations

from legal_intake.log_settings import configuration as log_configuration
from legal_intake.server_names import MAX_BODY_BYTES
from legal_intake.settings.env import BASE_DIR, DATA_DIR, env, redis_url, running_addresses, secret, with_password
from legal_intake.settings.messages import *  # noqa: F403 - settings of their own file
from tenants.redis import layer_host
from tenants.redis_address import parse

# Everything is production unless it says otherwise; `make run` and the tests say `development`.
_running = running_addresses()
ENVIRONMENT = env.str("ENVIRONMENT", default=_running.get("environment", "production"))
if ENVIRONMENT != "development":
    _running = {}
DEBUG = env.bool("DEBUG", default=ENVIRONMENT == "development")
EMBEDDED_SERVERS = bool(_running) or env.bool("EMBEDDED_SERVERS", default=False)
# What says `make run` is (or is not) behind this process, for `manage.py`, `talk` and `doctor`.
RUNNING = _running

# What this release calls itself: the tag of its images.
VERSION = env.str("VERSION", default="dev")
# The name of a region that has Redis of its own and the database elsewhere; empty at home (docs/kubernetes.md).
REGION = env.str("REGION", default="")
DEFAULT_SECRET_KEY = "insecure-development-key"  # noqa: S105 - refused by production
SECRET_KEY = secret("SECRET_KEY", _running.get("secret_key", DEFAULT_SECRET_KEY))
OPERATOR_HOST = env.str("OPERATOR_HOST", default="admin.localhost" if DEBUG else "")
BASE_DOMAIN = env.str("BASE_DOMAIN", default="localhost" if DEBUG else "")
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
MASTER_KEY = env.str("MASTER_KEY", default="")
MASTER_KEY_FILE = env.str("MASTER_KEY_FILE", default=_running.get("master_key_file", ""))
# While a new master key is introduced, the one before it, which still opens what is not rewrapped.
MASTER_KEY_PREVIOUS = env.str("MASTER_KEY_PREVIOUS", default="")
# The tenancy layer is outermost and checks every Host against the Domain table.
ALLOWED_HOSTS = ["*"]

SHARED_APPS = [
    "unfold",
    "django_tenants",
    "legal_intake",
    "tenants",
    "tenants.accounts",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "django_prometheus",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.admin",
    "tenants.accounts",
    "intake",
    "audio",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]
TENANT_MODEL = "tenants.Firm"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "accounts.User"

ORIGINAL_BACKEND = "django_prometheus.db.backends.postgresql"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DATABASE_URL = with_password(
    env.str("DATABASE_URL", default=_running.get("database_url", "postgresql://127.0.0.1:5432/legal_intake")),
    secret("DATABASE_PASSWORD"),
)
_database = env.db_url_config(DATABASE_URL)
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "tenants.db",
        "CONN_MAX_AGE": 0,
        # The address's own parameters, such as sslmode. Server-side prepared statements outlive a change of search
        # path; keep them off.
        "OPTIONS": {**_database.get("OPTIONS", {}), "prepare_threshold": None},
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
}
if env.bool("DATABASE_POOL", default=True):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 0,
        "max_size": env.int("DATABASE_POOL_SIZE", default=12),
        # A backend that has touched many firms keeps their catalogues: let it go now and then.
        "max_lifetime": 600,
        "timeout": 10,
    }

_redis_password = secret("REDIS_PASSWORD")
REDIS_BROKER_URL = redis_url(
    "REDIS_BROKER_URL",
    env.str("REDIS_BROKER_URL", default=_running.get("redis_broker_url", "redis://127.0.0.1:6379/0")),
    _redis_password,
)
REDIS_JOURNAL_URL = redis_url(
    "REDIS_JOURNAL_URL",
    env.str("REDIS_JOURNAL_URL", default=_running.get("redis_journal_url", "redis://127.0.0.1:6380/0")),
    _redis_password,
)
REDIS_CACHE_URL = redis_url(
    "REDIS_CACHE_URL",
    env.str("REDIS_CACHE_URL", default=_running.get("redis_cache_url", "redis://127.0.0.1:6381/0")),
    _redis_password,
)
# How many replicas must have what was written before it counts, besides the leader: all of the journal's, one of the
# broker's. 0 asks for none, which is right for a Redis that has none.
JOURNAL_REPLICAS = env.int("JOURNAL_REPLICAS", default=2 if parse(REDIS_JOURNAL_URL).sentinels else 0)
BROKER_REPLICAS = env.int("BROKER_REPLICAS", default=1 if parse(REDIS_BROKER_URL).sentinels else 0)
DRAMATIQ_STUB = env.bool("DRAMATIQ_STUB", default=False)
CACHES = {
    "default": {
        "BACKEND": "tenants.cache_backend.RedisCache",
        "KEY_FUNCTION": "tenants.cache.make_key",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [layer_host(REDIS_CACHE_URL)], "prefix": "li"},
    }
}

MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(DATA_DIR / "media"))
# Firms that were deleted, and later erasures: outside the database, so that a restore cannot bring them back.
DELETIONS_LOG = env.str("DELETIONS_LOG", default=str(DATA_DIR / "deletions" / "deletions.jsonl"))
# Where the scheduler leaves archives of firms that changed, for the backup to carry off; empty: it makes none.
EXPORTS_DIR = env.str("EXPORTS_DIR", default="")
EXPORT_HOURS = env.float("EXPORT_HOURS", default=24)
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(DATA_DIR / "static"))
# Where browsers get the page's files (/static/app/) from, such as https://cdn.example.org; empty: the firm's host.
ASSETS_ORIGIN = env.str("ASSETS_ORIGIN", default="").rstrip("/")
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [("app", FRONTEND_DIST)] if FRONTEND_DIST.is_dir() else []

ROOT_URLCONF = "legal_intake.urls.firm"
OPERATOR_URLCONF = "legal_intake.urls.operator"
ASGI_APPLICATION = "legal_intake.asgi.application"
MIDDLEWARE = [
    "tenants.http.FirmMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "legal_intake.headers.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# Host-only cookies: a sibling firm's page can neither read nor set them. Browsers treat
# *.localhost as secure, so the same cookies work under `make run`.
SESSION_ENGINE = "tenants.sessions"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# FirmMiddleware writes this header itself, from what a trusted proxy or the connection says.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "intake.api.pages.csrf_failure"
# Nothing inline and no other host. `'self'` covers the same host's WebSocket in today's browsers.
# The admin alone is looser (intake/admin/site.py says what its theme needs).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["intake.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Legal Intake",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    # Names of sets of choices that several fields have.
    "ENUM_NAME_OVERRIDES": {
        "WayEnum": ["email", "phone"],
        "ConsentKindEnum": "intake.interview.agreeing.CONSENT_KINDS",
    },
}

# TLS ends at a proxy; tenants/hosts.py believes what it forwards only when it is trusted.
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31_536_000)
# Asked before the domain has a certificate (tenants/verification.py).
SECURE_REDIRECT_EXEMPT = [r"^\.well-known/legal-intake-verification$"]
# Where the scheduler writes which hosts may have certificates, for certbot; empty: nowhere.
DOMAINS_FILE = env.str("DOMAINS_FILE", default="")
# A firm may bring its own domain; what lies under it is not ours to bind, nor to preload.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Private networks that firms' webhooks may reach, without TLS too, such as 10.20.0.0/16; empty: none.
WEBHOOK_NETWORKS = env.list("WEBHOOK_NETWORKS", default=[])
# How late an alert's next step may be before the sweep takes it from the workers.
PAGES_GRACE_SECONDS = env.float("PAGES_GRACE_SECONDS", default=15)

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = log_configuration(LOG_LEVEL)
METRICS_TOKEN = secret("METRICS_TOKEN")
METRICS_NETWORKS = env.list("METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"] if DEBUG else [])
# How many firms one process gives a label of their own in `legal_intake_firm_requests_total`.
METRICS_FIRMS = env.int("METRICS_FIRMS", default=100)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES

VOICE_QUEUE = "voice"
# Of one container (legal_intake/voice_pool.py); 0 is one for each whole core. `make run` has its own default.
AUDIO_SLOTS = env.int("AUDIO_SLOTS", default=0)
# How full the journal may be, in per cent of its memory, before new voice sessions are refused.
JOURNAL_FULL_PERCENT = env.int("JOURNAL_FULL_PERCENT", default=80)
# Which recogniser a slot listens with (audio/recognisers/choice.py), and where the models service is.
AUDIO_RECOGNISER = env.str("AUDIO_RECOGNISER", default="pocketsphinx")
MODELS_URL = env.str("MODELS_URL", default="")
# The languages that it has: clients are offered the microphone in these.
AUDIO_LANGUAGES = env.list("AUDIO_LANGUAGES", default=["en"])
MODELS_TOKEN = env.str("MODELS_TOKEN", default="")
MODELS_TOKEN_FILE = env.str("MODELS_TOKEN_FILE", default="")
# Hosts (host:port) of language models that may be private, or spoken to without TLS: docs/assistant.md.
ASSISTANT_PRIVATE_HOSTS = env.list("ASSISTANT_PRIVATE_HOSTS", default=[])
# Beginnings of the names of models that take `max_completion_tokens` and refuse `max_tokens`.
ASSISTANT_COMPLETION_TOKENS = env.list("ASSISTANT_COMPLETION_TOKENS", default=["o1", "o3", "o4", "gpt-5"])
# Questions to language models that one process has open at a time.
ASSISTANT_CALLS = env.int("ASSISTANT_CALLS", default=4)
WORKER_THREADS = env.int("WORKER_THREADS", default=4)
WORKER_POLL_MS = env.int("WORKER_POLL_MS", default=200)

# The firm's admin (intake/admin/site.py): its name is the firm's; nothing of it comes from another host.
UNFOLD_FIRM = {
    "SITE_TITLE": "intake.admin.site.site_title",
    "SITE_HEADER": "intake.admin.site.site_title",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "intake.admin.site.site_icon"}],
    "SITE_SYMBOL": "forum",
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        # One quiet green-blue, from light to dark.
        "primary": {
            "50": "#f1f7f7",
            "100": "#dcebeb",
            "200": "#bcd8d9",
            "300": "#90bcbf",
            "400": "#5f999d",
            "500": "#457d82",
            "600": "#386a6f",
            "700": "#2f5d62",
            "800": "#2a4c50",
            "900": "#264144",
            "950": "#14282a",
        },
    },
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"
