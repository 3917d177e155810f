# shellcheck shell=bash
# Gives Elasticsearch the life cycle and the templates of the logs, and Kibana its account.

step_search() {
    local id
    has_service elasticsearch || return 0
    id=$(containers elasticsearch | head -n 1)
    if docker exec "$id" bash /etc/legal-intake/apply.sh http://127.0.0.1:9200 >"$WORK/search.log" 2>&1 </dev/null; then
        did "Elasticsearch has the life cycle and templates of the logs"
    else
        # Logs are in files all the same; no client waits for this.
        warn "Elasticsearch did not take the templates of the logs: $(last_line "$WORK/search.log"). Run this again when it is mended."
    fi
}
