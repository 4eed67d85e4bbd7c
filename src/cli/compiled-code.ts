/**
 * The code that V8 has compiled is kept from one process to the next, by Node.js 22.1 and later. It is run unread, so it is kept where nobody else
 * writes: not in the temporary folder that all accounts share.
 */
import Module from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { processEnvironment } from '../config/environment.js'

interface CodeKeeper {
  /** Does nothing where it cannot write, and where NODE_COMPILE_CACHE or NODE_DISABLE_COMPILE_CACHE says otherwise. */
  enableCompileCache?(folder: string): unknown
}

export function keepCompiledCode(): void {
  const cache = processEnvironment()['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  ;(Module as CodeKeeper).enableCompileCache?.(join(cache, 'rms-emulator'))
}
