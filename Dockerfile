# Three images from one file: `docker build --target api|worker|projector .`. See docs/containers.md.
# The first two arguments are base images; where no registry can be reached, tools/images makes stand-ins.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12

FROM ${NODE_IMAGE} AS bundles
WORKDIR /source
COPY package.json package-lock.json .npmrc ./
COPY apps/api/package.json apps/api/
COPY apps/dashboard/package.json apps/dashboard/
COPY apps/projector/package.json apps/projector/
COPY apps/relay/package.json apps/relay/
COPY apps/worker/package.json apps/worker/
COPY libs/archive/package.json libs/archive/
COPY libs/client/package.json libs/client/
COPY libs/creation/package.json libs/creation/
COPY libs/domain/package.json libs/domain/
COPY libs/eventlog/package.json libs/eventlog/
COPY libs/outbox/package.json libs/outbox/
COPY libs/readmodel/package.json libs/readmodel/
COPY libs/runtime/package.json libs/runtime/
COPY libs/worker/package.json libs/worker/
COPY tools/images/package.json tools/images/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  -w apps/api -w apps/dashboard -w apps/projector -w apps/relay -w apps/worker -w tools/images
COPY apps apps
COPY libs libs
COPY tools tools
# The API finds the dashboard beside itself.
COPY tsconfig.json .
RUN node node_modules/vite/bin/vite.js build apps/dashboard --outDir /bundles/api/apps/dashboard/dist
# One file for each program; libs/readmodel finds the folder `migrations` above it.
# Packages in CommonJS call require for what Node brings along. pg-native and Cloudflare's sockets are optional to pg, the
# converter of valibot is to libs/worker.
# The page at /docs is read from the package swagger-ui-dist, which therefore lies beside the API.
RUN bundle() { \
    npx --no-install esbuild "$1" --outfile="$2" --bundle --platform=node --target=node24 --format=esm --log-level=warning \
      --banner:js="import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" \
      --external:pg-native --external:cloudflare:sockets --external:@valibot/to-json-schema --alias:@jobstream/servers=./libs/servers/src/index.ts; \
  } \
  && bundle apps/api/src/main.ts /bundles/api/apps/api/dist/main.mjs \
  && bundle apps/relay/src/main.ts /bundles/api/apps/api/dist/relay.mjs \
  && bundle tools/keys.ts /bundles/api/apps/api/dist/keys.mjs \
  && bundle apps/projector/src/main.ts /bundles/projector/apps/projector/dist/main.mjs \
  && bundle apps/projector/src/rebuild/main.ts /bundles/projector/apps/projector/dist/rebuild.mjs \
  && bundle apps/projector/src/verify/main.ts /bundles/projector/apps/projector/dist/verify.mjs \
  && bundle apps/projector/src/archive/main.ts /bundles/projector/apps/projector/dist/archive.mjs \
  && bundle tools/migrate.ts /bundles/projector/apps/projector/dist/migrate.mjs \
  && bundle apps/worker/src/main.ts /bundles/worker/apps/worker/dist/main.mjs \
  && mkdir /bundles/archive \
  && cd node_modules/swagger-ui-dist \
  && install -D -m 644 -t /bundles/api/node_modules/swagger-ui-dist \
    package.json swagger-ui-bundle.js swagger-ui.css favicon-32x32.png

# Node, a place for one app, and a health check that all three answer. Nothing is ever written: `--read-only` works.
FROM ${RUNTIME_IMAGE} AS base
ARG VERSION=0.2.0
ARG REVISION=unknown
ARG CREATED
ARG SOURCE
LABEL org.opencontainers.image.licenses=MIT \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.source="${SOURCE}" \
  org.opencontainers.image.vendor=Jobstream
COPY --from=bundles /usr/local/bin/node /usr/local/bin/node
COPY LICENSE /app/LICENSE
# A volume that is mounted here belongs to the user of the process.
COPY --from=bundles --chown=65532:65532 /bundles/archive /archive
ENV NODE_ENV=production HOST=0.0.0.0 HEALTH_PORT=9100
USER 65532:65532
# Node takes SIGTERM itself and stops in order, also as process 1. Run it with `--init` all the same: before Node listens,
# which takes it a second, process 1 would not even notice a signal.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["main.mjs"]

FROM base AS api
LABEL org.opencontainers.image.title=jobstream-api \
  org.opencontainers.image.description="HTTP API of Jobstream; keys.mjs makes, lists and revokes API keys, relay.mjs is the relay of outboxes"
COPY migrations /app/migrations
COPY --from=bundles /bundles/api /app
WORKDIR /app/apps/api/dist
ENV PORT=3000
EXPOSE 3000
# Not fetch, which takes twice the processor time to load; it is a process every five seconds in each container, and an engine
# does not end one that is late.
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=6 \
  CMD ["/usr/local/bin/node", "-e", "http.get('http://127.0.0.1:' + process.env.PORT + '/health/ready', (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

FROM base AS worker
LABEL org.opencontainers.image.title=jobstream-worker \
  org.opencontainers.image.description="Worker of Jobstream: runs the attempts of jobs"
COPY --from=bundles /bundles/worker /app
WORKDIR /app/apps/worker/dist
EXPOSE 9100
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=6 \
  CMD ["/usr/local/bin/node", "-e", "http.get('http://127.0.0.1:' + process.env.HEALTH_PORT + '/health/ready', (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

FROM base AS projector
LABEL org.opencontainers.image.title=jobstream-projector \
  org.opencontainers.image.description="Projector of Jobstream, with its tasks migrate.mjs, rebuild.mjs, verify.mjs and archive.mjs"
COPY migrations /app/migrations
COPY --from=bundles /bundles/projector /app
WORKDIR /app/apps/projector/dist
EXPOSE 9100
HEALTHCHECK --interval=5s --timeout=10s --start-period=60s --retries=6 \
  CMD ["/usr/local/bin/node", "-e", "http.get('http://127.0.0.1:' + process.env.HEALTH_PORT + '/health/ready', (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
