# Any service of the two products that needs no programs of its own. TypeScript is run as it is: there is no build step.
#   docker build --build-arg SERVICE=retailer -t vexa-retailer .
#   docker build --build-arg SERVICE=wholesaler/api-gateway -t vexa-api-gateway .
ARG NODE_IMAGE=node:24-bookworm-slim

# What is installed depends on the manifests alone, so that a change of the sources finds this layer in the cache.
FROM ${NODE_IMAGE} AS packages
ARG SERVICE
WORKDIR /app
COPY package.json package-lock.json ./
COPY shared/package.json shared/
COPY retailer/package.json retailer/
COPY e2e/package.json e2e/
COPY wholesaler/admin-api/package.json wholesaler/admin-api/
COPY wholesaler/api-gateway/package.json wholesaler/api-gateway/
COPY wholesaler/bot-manager/package.json wholesaler/bot-manager/
COPY wholesaler/database/package.json wholesaler/database/
COPY wholesaler/meeting-room/package.json wholesaler/meeting-room/
COPY wholesaler/transcription-collector/package.json wholesaler/transcription-collector/
COPY wholesaler/vexa-bot/package.json wholesaler/vexa-bot/
COPY wholesaler/whisperlive/package.json wholesaler/whisperlive/
# The GPU libraries of onnxruntime are a large extra download that only whisperlive on a GPU needs.
RUN test -n "$SERVICE" || { echo "Name a service: --build-arg SERVICE=retailer" >&2; exit 1; }; \
    ONNXRUNTIME_NODE_INSTALL=skip npm ci --omit=dev --no-audit --no-fund --loglevel=error -w "$SERVICE" \
    && rm -rf /root/.npm

FROM ${NODE_IMAGE}
ARG SERVICE
ENV NODE_ENV=production SERVICE=${SERVICE}
WORKDIR /app
COPY --from=packages /app /app
COPY shared shared
COPY wholesaler/database wholesaler/database
COPY ${SERVICE} ${SERVICE}
# Any user without rights will do; nothing is written outside /tmp.
USER 1000:1000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_PORT ?? process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["sh", "-c", "exec node $SERVICE/src/main.ts"]
