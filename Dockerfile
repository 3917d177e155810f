# The two Python images, one version: target `app` is `legal-intake` (api, worker, scheduler, migrate), target `audio` is
# `legal-intake-audio` (audio_worker): the same layers, and the speech parts under the code.
#
#     docker build --target app -t legal-intake:dev .          (`make images` builds all of them)
#
# Our layers depend on what goes in and on nothing else: no time of the build, no order of a folder, so two builds
# of the same sources are equal. Each final image only copies what the stages before laid out under /out.
ARG PYTHON_IMAGE=python:3.11.17-slim-bookworm
ARG NODE_IMAGE=node:20.20.2-bookworm-slim

# ---- the web app: the same stage as in Dockerfile.frontend -----------------------------------------------------------
FROM ${NODE_IMAGE} AS web
WORKDIR /web
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/var/cache/npm,sharing=locked npm ci --cache /var/cache/npm --no-audit --no-fund --loglevel=error
COPY frontend/ ./
RUN npm run --silent build
COPY deploy/images/compress.mjs /
RUN node /compress.mjs dist

# ---- the system: an init, our account, the folder of recordings ------------------------------------------------------
FROM ${PYTHON_IMAGE} AS system
COPY deploy/images/equal-times /usr/local/sbin/
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    apt-get update -qq && apt-get install -y -qq --no-install-recommends tini
RUN <<'EOF'
set -eu
install -D -m 755 /usr/bin/tini /out/usr/bin/tini
# scanners read here what was installed without a package manager
mkdir -p /out/var/lib/dpkg/status.d && dpkg -s tini > /out/var/lib/dpkg/status.d/tini
mkdir -p /out/etc
{ cat /etc/passwd; echo 'intake:x:10001:10001:Legal Intake:/tmp:/usr/sbin/nologin'; } > /out/etc/passwd
{ cat /etc/group; echo 'intake:x:10001:'; } > /out/etc/group
# volumes take the owner of the folder that they are first mounted on
install -d -o 10001 -g 10001 -m 750 /out/data/media /out/data/deletions /out/data/exports
install -d -o 10001 -g 10001 -m 755 /out/data/domains
equal-times /out
EOF

# ---- packages of api, worker, scheduler, migrate ---------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS packages
ENV PIP_CACHE_DIR=/var/cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONHASHSEED=0
COPY deploy/images/equal-times deploy/images/install-packages /usr/local/sbin/
COPY requirements-docker.txt /build/
RUN --mount=type=cache,target=/var/cache/pip,sharing=locked install-packages /build/requirements-docker.txt
RUN --mount=from=web,source=/usr/local/bin/node,target=/usr/local/bin/node \
    --mount=source=deploy/images/compress.mjs,target=/compress.mjs \
    node /compress.mjs /opt/venv/lib static
RUN <<'EOF'
set -eu
# The published image has no bytecode of the standard library, and ours cannot write any: compile it here, or every
# process and every health check would do it anew.
python -m compileall -q -j 1 -x '/(site-packages|test|idlelib|lib2to3|tkinter|turtledemo|ensurepip)/' \
    --invalidation-mode unchecked-hash /usr/local/lib/python3.11
mkdir -p /out/opt && cp -a /opt/venv /out/opt/
find /usr/local/lib/python3.11 -path '*/site-packages' -prune -o -name '*.pyc' -print0 | xargs -0 cp -a --parents -t /out
equal-times /out
EOF

# ---- what audio_worker has besides -----------------------------------------------------------------------------------
FROM packages AS speech
COPY requirements-audio.txt /build/
RUN --mount=type=cache,target=/var/cache/pip,sharing=locked <<'EOF'
set -eu
rm -rf /out
everything() { (cd / && find opt/venv ! -type d | LC_ALL=C sort); }
everything > /build/before
install-packages /build/requirements-audio.txt
everything > /build/after
mkdir /out
LC_ALL=C comm -13 /build/before /build/after | tar -C / -cf - --no-recursion -T - | tar -C /out -xf -
equal-times /out
EOF

# ---- our code --------------------------------------------------------------------------------------------------------
FROM packages AS code
RUN rm -rf /out
COPY LICENSE manage.py /out/app/
COPY tenants/ /out/app/tenants/
COPY intake/ /out/app/intake/
COPY audio/ /out/app/audio/
COPY legal_intake/ /out/app/legal_intake/
COPY --from=web /web/dist/ /out/app/frontend/dist/
RUN --mount=from=web,source=/usr/local/bin/node,target=/usr/local/bin/node \
    --mount=source=deploy/images/compress.mjs,target=/compress.mjs <<'EOF'
set -eu
for app in tenants intake audio legal_intake; do node /compress.mjs /out/app/$app static; done
python -m compileall -q -j 1 -s /out --invalidation-mode unchecked-hash /out/app
chmod -R u=rwX,go=rX /out/app
equal-times /out
EOF

# ---- what runs -------------------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS runtime
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp MEDIA_ROOT=/data/media
COPY --from=system /out/ /
COPY --from=packages /out/ /

FROM runtime AS runtime-audio
COPY --from=speech /out/ /

FROM runtime-audio AS audio
COPY --from=code /out/ /
WORKDIR /app
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "-m", "legal_intake.voice_pool"]
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE_URL=
LABEL org.opencontainers.image.title="legal-intake-audio" \
      org.opencontainers.image.description="Legal Intake: audio_worker, with the speech parts" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.17-slim-bookworm" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE_URL}"

FROM runtime AS app
COPY --from=code /out/ /
WORKDIR /app
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "-m", "legal_intake.server", "--bind", "0.0.0.0", "--port", "8000"]
EXPOSE 8000
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE_URL=
LABEL org.opencontainers.image.title="legal-intake" \
      org.opencontainers.image.description="Legal Intake: api, worker, scheduler and migrate" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.17-slim-bookworm" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE_URL}"
