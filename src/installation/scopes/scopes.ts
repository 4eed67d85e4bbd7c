/** The scopes of an installation: made by the first request for each, gone when told, or when nobody used them for a while. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { Problem, problem } from '../../administration/problem.js'
import { nearest } from '../../config/nearest.js'
import type { Clock, Timer, Timers } from '../../effects.js'
import { requestIds } from '../../http/request-ids.js'
import { scopedPath, type ScopedPath } from '../../http/scoped-path.js'
import type { PassOn } from '../../node/http-server.js'
import { isOfService, requireScopeName } from './scope-name.js'
import type { Scope } from './scope.js'
import { commandLine } from '../../command-line.js'

export interface ScopeReading {
  readonly name: string
  /** Public base URL, with /_wmcs. */
  readonly url: string
  /** When it was made. */
  readonly made: string
  /** When its last request ended. */
  readonly used: string
  /** Requests that run. */
  readonly running: number
}

export interface Scopes {
  /** How many there may be. */
  readonly most: number
  /** Seconds without a request until one is gone. */
  readonly idleSeconds: number
  /** In order of their names. */
  list(): readonly ScopeReading[]
  /** @throws Problem 400, 404 */
  find(name: string): ScopeReading
  /** Makes it, unless it is there. @throws Problem 400, 409, and what making it throws */
  make(name: string): Promise<{ readonly scope: ScopeReading; readonly isNew: boolean }>
  /** Uses it, and makes it before when it is not there. It stays as long as this takes. @throws as `make` */
  use<Result>(name: string, work: (scope: Scope) => Promise<Result>): Promise<Result>
  /** That of this one, which counts as used now. @throws Problem 404 when it is gone */
  stillThere(scope: Scope): Scope
  /** Resolves when it is gone, and its requests are answered. @throws Problem 400, 404 */
  remove(name: string): Promise<void>
  /** @returns names */
  removeAll(): Promise<readonly string[]>
  /** Takes the requests of scopes. */
  readonly passOn: PassOn
  close(): Promise<void>
}

export interface ScopeBounds {
  readonly most: number
  readonly idleSeconds: number
}

interface Effects {
  readonly clock: Clock
  readonly timers: Timers
  readonly log: Logger
}

interface Entry {
  readonly name: string
  readonly making: Promise<Scope>
  scope: Scope | undefined
  readonly made: Date
  used: Date
  running: number
  expiry: Timer | undefined
  readonly whenIdle: Set<() => void>
}

/** Milliseconds for requests of a scope that is removed; then they are cut. */
const longestEnding = 10_000

export function openScopes(
  { most, idleSeconds }: ScopeBounds,
  make: (name: string) => Promise<Scope>,
  { clock, timers, log }: Effects,
): Scopes {
  const entries = new Map<string, Entry>()
  const leaving = new Set<Promise<void>>()
  const nextId = requestIds(clock.now())
  let isClosed = false

  const expireLater = (entry: Entry): void => {
    entry.expiry?.stop()
    entry.expiry = timers.after(idleSeconds * 1000, () => {
      log.info({ scope: entry.name }, `scope ${entry.name} is gone: nobody used it for ${idleSeconds} s`)
      void end(entry)
    })
    entry.expiry.unref()
  }

  const begin = (entry: Entry): void => {
    entry.running++
    entry.expiry?.stop()
  }

  const finish = (entry: Entry): void => {
    entry.running--
    entry.used = clock.now()
    if (entry.running > 0) return
    for (const tell of entry.whenIdle) tell()
    if (entries.get(entry.name) === entry) expireLater(entry)
  }

  const idle = (entry: Entry): Promise<void> =>
    new Promise((resolve) => {
      if (entry.running === 0) return resolve()
      const deadline = timers.after(longestEnding, resolve)
      deadline.unref()
      entry.whenIdle.add(() => {
        deadline.stop()
        resolve()
      })
    })

  const end = (entry: Entry): Promise<void> => {
    entry.expiry?.stop()
    if (entries.get(entry.name) === entry) entries.delete(entry.name)
    const ending = entry.making
      .then(
        (scope) => scope.close(idle(entry)),
        () => undefined,
      )
      .catch((err: unknown) => log.error({ err, scope: entry.name }, 'a scope could not be closed'))
      .finally(() => leaving.delete(ending))
    leaving.add(ending)
    return ending
  }

  const enter = (name: string): Entry => {
    requireScopeName(name)
    const known = entries.get(name)
    if (known !== undefined) return known
    if (isClosed) problem(503, 'The installation stops: no scope is made any more')
    if (entries.size >= most) refuseMore(entries, most)
    const now = clock.now()
    const making = make(name)
    const entry: Entry = {
      name,
      making,
      scope: undefined,
      made: now,
      used: now,
      running: 0,
      expiry: undefined,
      whenIdle: new Set(),
    }
    entries.set(name, entry)
    void settle(entry)
    return entry
  }

  const settle = async (entry: Entry): Promise<void> => {
    const { name, making } = entry
    try {
      const scope = await making
      entry.scope = scope
      log.info({ scope: name, url: scope.url }, `scope ${name} is made`)
      if (entry.running === 0 && entries.get(name) === entry) expireLater(entry)
    } catch (error) {
      log.error({ err: error, scope: name }, 'a scope could not be made')
      if (entries.get(name) === entry) entries.delete(name)
    }
  }

  const use = async <Result>(name: string, work: (scope: Scope) => Promise<Result>): Promise<Result> => {
    const entry = enter(name)
    begin(entry)
    try {
      return await work(await entry.making)
    } finally {
      finish(entry)
    }
  }

  const find = (name: string): Entry => {
    requireScopeName(name)
    return entries.get(name) ?? refuseUnknown(name, [...entries.keys()])
  }

  const passOn: PassOn = (request, response) => {
    const path = scopedPath(request.url ?? '')
    if (path === undefined) return false
    answer(path, request, response).catch((error: unknown) => refuse(error, request, response, { log, id: nextId() }))
    return true
  }

  const answer = async (
    { name, rest }: ScopedPath,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    requireScopeName(name)
    if (!isOfService(rest)) find(name)
    // It may be gone before there is a scope to answer it.
    const isOver = new Promise((resolve) => response.once('close', resolve))
    await use(name, async (scope) => {
      Object.assign(request, { originalUrl: request.url, url: rest })
      scope.serve(request, response)
      await isOver
    })
  }

  return {
    most,
    idleSeconds,
    list: () => [...entries.values()].flatMap(readingOf).toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    find: (name) => readingOf(find(name))[0] ?? refuseUnknown(name, []),
    make: async (name) => {
      const before = entries.get(name)
      await use(name, async () => undefined)
      const entry = find(name)
      const [scope] = readingOf(entry)
      return { scope: scope ?? refuseUnknown(name, []), isNew: before !== entry }
    },
    use,
    stillThere: (scope) => {
      const entry = entries.get(scope.name)
      if (entry?.scope !== scope) return refuseGone(scope.name, idleSeconds)
      begin(entry)
      finish(entry)
      return scope
    },
    remove: async (name) => end(find(name)),
    removeAll: async () => {
      const all = [...entries.values()]
      await Promise.all(all.map(end))
      return all.map(({ name }) => name)
    },
    passOn,
    close: async () => {
      isClosed = true
      await Promise.all([...entries.values()].map(end))
      await Promise.all(leaving)
    },
  }
}

/** Nothing of one that is being made. */
function readingOf({ name, scope, made, used, running }: Entry): readonly ScopeReading[] {
  if (scope === undefined) return []
  return [{ name, url: scope.url, made: made.toISOString(), used: used.toISOString(), running }]
}

function refuseMore(entries: ReadonlyMap<string, Entry>, most: number): never {
  const [oldest] = [...entries.values()].toSorted((one, other) => one.used.getTime() - other.used.getTime())
  const names = [...entries.keys()].slice(0, 20).join(', ')
  return problem(
    409,
    `There ${entries.size === 1 ? 'is 1 scope' : `are ${entries.size} scopes`} already (${names}), and no more may be: ` +
      `remove one, such as ${oldest?.name}, which was used longest ago (${commandLine(`lab scopes remove ${oldest?.name}`)}), or start with more than --scopes ${most}`,
  )
}

/** For an installation that has none, and for a scope. */
export function refuseWithoutScopes(): never {
  return problem(
    404,
    'There are no scopes here: start the installation with --scopes N (in a program: startInstallation({ scopes: N })). A scope has none of its own',
  )
}

function refuseGone(name: string, idleSeconds: number): never {
  return problem(
    404,
    `The scope "${name}" that this is about is gone: it was removed, or nobody used it for ${idleSeconds} s. Ask for it again, and a new one is made`,
  )
}

function refuseUnknown(name: string, names: readonly string[]): never {
  const meant = nearest(name, names)
  const hint =
    meant !== undefined
      ? `did you mean "${meant}"?`
      : names.length === 0
        ? 'there is none'
        : `there is ${names.join(', ')}`
  return problem(
    404,
    `There is no scope "${name}": ${hint}. The first request below /f/${name}/_wmcs or /f/${name}/my makes it`,
  )
}

function refuse(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  { log, id }: { readonly log: Logger; readonly id: string },
): void {
  const [status, text] =
    error instanceof Problem
      ? [error.status, error.message]
      : [503, 'The scope could not be made: try again in a moment']
  const path = (request.url ?? '').slice(0, 200)
  if (error instanceof Problem) log.info({ requestId: id, path, status, why: text }, 'refused')
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-request-id': id })
  response.end(`${text}.\n`)
}
