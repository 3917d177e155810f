#!/bin/sh
# Starts Alertmanager: makes its configuration from alertmanager.yml and the environment, and becomes the server.
#
#   ALERT_EMAIL_TO   addresses, separated by commas; with SMTP_HOST it turns e-mail on
#   SMTP_HOST, SMTP_PORT (587), SMTP_FROM, SMTP_USER, and the password in /run/secrets/smtp_password
#   SMTP_TLS         false only for a server in this network that has no TLS
#   SLACK_CHANNEL    with a webhook's address in /run/secrets/slack_webhook it turns Slack on
#   WATCHDOG_URL     called every two minutes while all is well; a service behind it calls when it is not
set -eu

template=${TEMPLATE:-/etc/alertmanager/alertmanager.yml}
made=${MADE:-/tmp/alertmanager.yml}
secrets=${SECRETS:-/run/secrets}

die() {
    echo "alertmanager: $*" >&2
    exit 64
}

# check NAME PATTERN WHAT: the value has no character outside PATTERN, so that it cannot be anything but a value.
check() {
    value=''
    eval "value=\${$1:-}"
    case $value in
        *[!$2]*) die "$1 is '$value', which is no $3; correct it in .env" ;;
    esac
}

# has NAME: a secret that is there and not empty.
has() {
    [ -s "$secrets/$1" ]
}

check ALERT_EMAIL_TO 'A-Za-z0-9@._+,-' 'list of addresses'
check SMTP_FROM 'A-Za-z0-9@._+-' address
check SMTP_HOST 'A-Za-z0-9.-' 'host name'
check SMTP_PORT '0-9' port
check SMTP_USER 'A-Za-z0-9@._+-' 'user name'
check SLACK_CHANNEL 'A-Za-z0-9#_-' channel
check WATCHDOG_URL 'A-Za-z0-9:/?&=._~%-' address
case ${SMTP_TLS:-true} in
    true | false) ;;
    *) die "SMTP_TLS is '$SMTP_TLS'; it is true or false" ;;
esac

out=''
if [ -n "${ALERT_EMAIL_TO:-}" ] && [ -n "${SMTP_HOST:-}" ]; then
    [ -n "${SMTP_FROM:-}" ] || die "SMTP_FROM is not set: e-mail needs a sender; set it in .env"
else
    out="$out email smtp-login"
fi
if [ -z "${SMTP_USER:-}" ] || ! has smtp_password; then out="$out smtp-login"; fi
if [ -z "${SLACK_CHANNEL:-}" ] || ! has slack_webhook; then out="$out slack"; fi
[ -n "${WATCHDOG_URL:-}" ] || out="$out watchdog"
case $out in
    *email*slack*)
        echo "alertmanager: neither e-mail nor Slack is set up; alerts are seen only in Grafana and here" >&2
        ;;
esac

set_up() {
    script=''
    for way in $out; do
        script="$script/ #$way\$/d;"
    done
    sed -E -e "$script" \
        -e 's/ #(slack|email|smtp-login|watchdog)$//' \
        -e "s|@SMTP_HOST@|${SMTP_HOST:-}|" \
        -e "s|@SMTP_PORT@|${SMTP_PORT:-587}|" \
        -e "s|@SMTP_FROM@|${SMTP_FROM:-}|" \
        -e "s|@SMTP_USER@|${SMTP_USER:-}|" \
        -e "s|smtp_require_tls: true|smtp_require_tls: ${SMTP_TLS:-true}|" \
        -e "s|@ALERT_EMAIL_TO@|${ALERT_EMAIL_TO:-}|" \
        -e "s|@SLACK_CHANNEL@|${SLACK_CHANNEL:-}|" \
        -e "s|@WATCHDOG_URL@|$(echo "${WATCHDOG_URL:-}" | sed 's/&/\\&/g')|" \
        "$template" >"$made"
}

set_up
if [ "${1:-}" = --only-write ]; then
    exit 0
fi
exec alertmanager \
    --config.file="$made" \
    --storage.path=/alertmanager \
    --cluster.listen-address= \
    "$@"
