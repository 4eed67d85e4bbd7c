# One image for every part of an installation; which part, the command says: node, balancer, manage, provision …
FROM node:22-slim AS build
WORKDIR /source
COPY . .
# Without scripts: no dependency needs one to work.
RUN npm ci --ignore-scripts --no-audit --no-fund && npm run compile && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22-slim
# The allocator's two: see src/node/small-heap.ts.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
COPY --from=build /source/package.json /source/LICENSE ./
COPY --from=build /source/node_modules node_modules
COPY --from=build /source/build/program build/program
COPY --from=build /source/certs certs
# The data folder belongs to the account that the program runs under; a new volume takes this over.
RUN mkdir /data && chown node:node /data
USER node
ENTRYPOINT ["node", "/app/build/program/main.js"]
CMD ["--help"]
