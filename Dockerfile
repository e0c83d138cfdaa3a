# Every image of the two products, by one pattern. TypeScript is run as it is: there is no build step.
#   docker build --build-arg SERVICE=retailer -t vexa-retailer .
#   docker build --build-arg SERVICE=wholesaler/api-gateway -t vexa-api-gateway .
#   docker build --build-arg SERVICE=wholesaler/vexa-bot --build-arg PROGRAMS=chromium -t vexa-bot .
#   docker build --build-arg SERVICE=wholesaler/whisperlive --build-arg PROGRAMS=ffmpeg -t vexa-whisperlive .
ARG NODE_IMAGE=node:24-bookworm-slim
# The workspace that the service uses beside shared.
ARG LIBRARY=wholesaler/database
# The programs of the distribution that the service calls: none, chromium or ffmpeg.
ARG PROGRAMS=none

# What is installed depends on the manifests alone, so that a change of the sources finds this layer in the cache.
FROM ${NODE_IMAGE} AS packages
ARG SERVICE
ARG LIBRARY
# Of onnxruntime, which only whisperlive has: skip, or cuda12 for graphics cards (a large extra download).
ARG ONNXRUNTIME_GPU=skip
WORKDIR /app
RUN test -n "$SERVICE" || { echo "Name a service: --build-arg SERVICE=retailer" >&2; exit 1; }
COPY package.json package-lock.json ./
COPY scripts/shorten-exports.mjs scripts/
COPY shared/package.json shared/
COPY ${LIBRARY}/package.json ${LIBRARY}/
COPY ${SERVICE}/package.json ${SERVICE}/
# What tests need is taken out first: npm would install the services among it with all that they need. Of the voice detector only
# the model is used, not its runtime for browsers.
RUN npm pkg delete devDependencies --workspaces \
    && npm ci --omit=dev --no-audit --no-fund --loglevel=error -w "$SERVICE" \
    && { test "$ONNXRUNTIME_GPU" = skip || ONNXRUNTIME_NODE_INSTALL="$ONNXRUNTIME_GPU" npm rebuild onnxruntime-node; } \
    && rm -rf /root/.npm node_modules/onnxruntime-web node_modules/onnxruntime-node/bin/*/darwin node_modules/onnxruntime-node/bin/*/win32

FROM ${NODE_IMAGE} AS programs-none

FROM programs-none AS programs-chromium
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

FROM programs-none AS programs-ffmpeg
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ffmpeg >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

FROM programs-${PROGRAMS}
ARG SERVICE
ARG LIBRARY
ENV NODE_ENV=production SERVICE=${SERVICE} VEXA_MODELS_DIR=/models
WORKDIR /app
# Volumes that are mounted here belong to the user below: of models, and of what bots are lent.
RUN mkdir -p /models /var/lib/vexa/profile /var/lib/vexa/diagnosis && chown 1000:1000 /models /var/lib/vexa/*
COPY --from=packages /app /app
COPY shared shared
COPY ${LIBRARY} ${LIBRARY}
COPY ${SERVICE} ${SERVICE}
# Any user without rights will do; nothing is written outside /tmp and these.
USER 1000:1000
# A shell rather than Node: it is asked every few seconds, by every container of the machine.
HEALTHCHECK --interval=5s --timeout=10s --start-period=300s --retries=5 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${HEALTH_PORT:-$PORT}; printf 'GET /health/live HTTP/1.0\\r\\n\\r\\n' >&3; read -r status <&3; [[ $status == *' 200 '* ]]"]
CMD ["sh", "-c", "exec node $SERVICE/src/main.ts"]
