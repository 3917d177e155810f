"""Mail and text messages that leave this installation. Nothing is sent where neither is set up."""

from __future__ import annotations

from legal_intake.settings.env import env, secret

_SSL_PORT = 465

EMAIL_HOST = env.str("SMTP_HOST", default="")
#: Whether mail can be sent at all; with it on, clients are offered codes and links by e-mail.
MAIL_READY = bool(EMAIL_HOST)
EMAIL_PORT = env.int("SMTP_PORT", default=587)
EMAIL_HOST_USER = env.str("SMTP_USER", default="")
EMAIL_HOST_PASSWORD = secret("SMTP_PASSWORD", may_be_empty=True)
_tls = env.bool("SMTP_TLS", default=True)
EMAIL_USE_SSL = _tls and EMAIL_PORT == _SSL_PORT
EMAIL_USE_TLS = _tls and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("SMTP_FROM", default="") or "messages@localhost"

# Text messages: where they are handed over, and what signs them (docs/resume.md). Who sends needs the secret; who asks
# whether any can be sent, the address alone.
SMS_GATEWAY_URL = env.str("SMS_GATEWAY_URL", default="")
SMS_GATEWAY_SECRET = secret("SMS_GATEWAY_SECRET", may_be_empty=True)
