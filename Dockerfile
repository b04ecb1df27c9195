# The worker (and the CLI). Build: docker build -t keelson:0.1.0 .
# Debian, not Alpine: the Temporal SDK's native part is linked against glibc.
FROM node:20.20.2-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0 AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No scripts here: `prepare` compiles, and the sources come with the next layer.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN node scripts/build.mjs && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:20.20.2-bookworm-slim@sha256:2cf067cfed83d5ea958367df9f966191a942351a2df77d6f0193e162b5febfc0
# The slim image has no root certificates, and the SDK's native part reads the system's: without them no TLS to Temporal.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && ln -s /app/dist/bin/keelson.js /usr/local/bin/keelson
WORKDIR /app
COPY --from=build /app/package.json ./package.json
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Each of the threads of Node and of Temporal's SDK would have an arena of its own, whose free parts go back to no one. [glibc: malloc tunables]
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    KEELSON_HEALTH_FILE=/tmp/keelson-healthy
USER node
# SIGTERM drains: running activities heartbeat what they have, another worker goes on from there.
STOPSIGNAL SIGTERM
# The worker touches the file while it polls Temporal, and removes it when it drains.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD find "$KEELSON_HEALTH_FILE" -mmin -0.5 2>/dev/null | grep -q .
CMD ["node", "dist/bin/worker.js"]
