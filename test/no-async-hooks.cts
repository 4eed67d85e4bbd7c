/**
 * Loaded into each test file before tap (`node-arg` in package.json). To know the subtest that an error belongs to which
 * nobody caught, tap follows every promise of the process through async hooks: where a node runs in the test's process,
 * a third of the time. Without them such an error still ends the file as failed, with its stack.
 */
const hook = { enable: () => hook, disable: () => hook }

Object.assign(process.getBuiltinModule('node:async_hooks'), { createHook: () => hook })
process.getBuiltinModule('node:module').syncBuiltinESMExports()
