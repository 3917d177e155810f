# shellcheck shell=bash
# Waits for the certificate, where certbot gets it.

step_certificate() {
    local id began=$SECONDS state
    if ! has_profile tls; then
        did "without the profile tls: nginx uses deploy/certificates, or one that it signed itself"
        return
    fi
    id=$(containers certbot --all | tail -n 1)
    while state=$(health_of "$id") && [ "$state" != healthy ]; do
        if [ "$state" != starting ] || [ "$((SECONDS - began))" -ge "$WAIT_SECONDS" ]; then
            no_certificate "$id" "$state"
            return
        fi
        sleep 1
    done
    did "certbot has one for $(setting DOMAIN)"
}

# no_certificate ID STATE: an error at the first deploy; later the one in use is still good, and alerts watch its end.
no_certificate() {
    local text
    text="no certificate for $(setting DOMAIN) (certbot is $2). It said: $(why_not_well "$1"). Check that DNS leads here and that port 80 is open from outside"
    [ -n "$(state_of current)" ] || fail "$text; or leave tls out of COMPOSE_PROFILES and put your own into deploy/certificates."
    warn "$text. The one in use goes on."
}
