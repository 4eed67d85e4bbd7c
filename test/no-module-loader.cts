/**
 * Loaded into each test file before what tap loads (`node-arg` in package.json). To measure coverage, which is off here, tap sends every module through
 * a loader, before Node 24.13 on a thread of its own: a file that starts a node spends as much time on that as on loading the node.
 */
Object.assign(process.getBuiltinModule('node:module'), { register: () => undefined })
