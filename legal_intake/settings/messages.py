"""Mail and text messages that leave this installation. Nothing is sent where neither is set up."""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from legal_intake.settings.env import env, secret


def _given(name: str) -> str:
    """A secret whose file may be empty: that stands for none (deploy/lib/secrets.table)."""
    path = env.str(f"{name}_FILE", default="")
    if not path:
        return str(env.str(name, default=""))
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{name}_FILE is {path}, which cannot be read ({type(error).__name__}): is it there, and ours?"
        raise ImproperlyConfigured(message) from None


_SSL_PORT = 465

EMAIL_HOST = env.str("SMTP_HOST", default="")
#: Whether mail can be sent at all; with it on, clients are offered codes and links by e-mail.
MAIL_READY = bool(EMAIL_HOST)
EMAIL_PORT = env.int("SMTP_PORT", default=587)
EMAIL_HOST_USER = env.str("SMTP_USER", default="")
EMAIL_HOST_PASSWORD = _given("SMTP_PASSWORD")
_tls = env.bool("SMTP_TLS", default=True)
EMAIL_USE_SSL = _tls and EMAIL_PORT == _SSL_PORT
EMAIL_USE_TLS = _tls and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("SMTP_FROM", default="messages@localhost")

# Text messages: where they are handed over, and what signs them (docs/resume.md). Both or none.
SMS_WEBHOOK_URL = env.str("SMS_WEBHOOK_URL", default="")
SMS_WEBHOOK_SECRET = secret("SMS_WEBHOOK_SECRET")
