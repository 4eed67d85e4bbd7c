/**
 * Loaded into each test file by tap (`node-arg` in package.json): processes that a test starts are to start as people start them. To measure
 * coverage, which is off here, tap hands its module loader down to every one of them, and that makes the start of a node take twice as long.
 */
import processOnSpawn from 'process-on-spawn'

processOnSpawn.removeAllListeners()
delete process.env['NODE_OPTIONS']
