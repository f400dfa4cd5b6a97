# A worker of a fleet, or its gateway: docs/deploying.md
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# What packages would run here is for tests: a browser, a database, another Node.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.ts && npm pack --ignore-scripts --pack-destination /tmp

FROM node:24-slim
ENV NODE_ENV=production \
    KEEPWARM_HOME=/var/lib/keepwarm \
    PATH=/app/node_modules/.bin:$PATH
# What repo_map reads repositories with.
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /tmp/keepwarm-*.tgz /tmp/
RUN npm install --no-audit --no-fund /tmp/keepwarm-*.tgz \
      pg-boss@12.35.0 pg@8.23.1 pino@10.4.0 prom-client@15.1.3 \
    && rm -rf /tmp/keepwarm-*.tgz /root/.npm \
    && install -d -o node -g node -m 700 /var/lib/keepwarm
USER node
# A gateway's settings, ledger and name. A worker keeps nothing.
VOLUME /var/lib/keepwarm
EXPOSE 4777 8081
ENTRYPOINT ["keepwarm"]
CMD ["worker"]
