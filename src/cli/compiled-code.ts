/**
 * The code that V8 has compiled is kept from one process to the next, by Node.js 22.1 and later. It is run unread, so it is kept where nobody else
 * writes: not in the temporary folder that all accounts share.
 */
import Module from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { processEnvironment, type Environment } from '../config/environment.js'

interface CodeKeeper {
  /** Does nothing where it cannot write, and where NODE_COMPILE_CACHE or NODE_DISABLE_COMPILE_CACHE says otherwise. */
  enableCompileCache?(folder: string): unknown
}

export function keepCompiledCode(): void {
  const folder = compiledCodeFolder(processEnvironment(), homedir)
  if (folder !== undefined) (Module as CodeKeeper).enableCompileCache?.(folder)
}

/**
 * A relative XDG_CACHE_HOME counts as none (XDG Base Directory Specification): it would be below the working directory, where others may write.
 * @param home throws for an account that has none
 * @returns undefined when there is no place for it
 */
export function compiledCodeFolder(environment: Environment, home: () => string): string | undefined {
  const cache = environment['XDG_CACHE_HOME'] ?? ''
  const folder = isAbsolute(cache) ? cache : cacheAt(home)
  return isAbsolute(folder) ? join(folder, 'rms-emulator') : undefined
}

function cacheAt(home: () => string): string {
  try {
    return join(home(), '.cache')
  } catch {
    return ''
  }
}
