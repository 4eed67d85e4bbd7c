/**
 * The log of a server process. In a pipe it is JSON lines on stderr, in a file JSON lines too; on a terminal one line for each exchange and for
 * what happens to servers, and all of it where a level was asked for. Results stay alone on stdout.
 */
import { openSync, writeSync } from 'node:fs'
import { pino, type Level, type Logger } from 'pino'
import { systemClock } from '../effects.js'
import { eventLines, eventOf, isNewsOfStart } from './event-line.js'
import { exchangeLines } from './exchange-line.js'
import { exchangeOf, type LogFacts } from './exchange.js'
import { paintFor } from './colors.js'
import { Failure } from './failure.js'
import { reason } from './files.js'
import { withoutControls } from './text-width.js'

export interface LogSettings {
  /** undefined: not told. */
  readonly logLevel: Level | 'silent' | undefined
  readonly logFile: string | undefined
}

export interface ServerLog {
  readonly log: Logger
  /** Takes a line of the log of another process into this one. */
  readonly relay: (line: string) => void
  /** On a terminal, until now nothing less than an error was shown: somebody else had the screen. */
  readonly begin: () => void
}

type Sink = (line: string) => void

/** Level of pino. */
const error = 50

/** As much of a terminal, or of a pipe, as is needed. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** @throws Failure when the file cannot be written to */
export async function openServerLog(
  { logLevel, logFile }: LogSettings,
  screen: Screen = process.stderr,
): Promise<ServerLog> {
  const level = logLevel ?? 'info'
  if (screen.isTTY !== true) {
    const write: Sink = (line) => void screen.write(line)
    const sink = logFile === undefined ? write : openFile(logFile, write)
    return serverLog(level, sink, (line) => sink(`${line}\n`))
  }
  if (logLevel !== undefined && logFile === undefined) return fullLog(level)
  const view = lineView(screen)
  const file = logFile === undefined ? undefined : openFile(logFile, view.show)
  const sink: Sink = (line) => {
    file?.(line)
    view.show(line)
  }
  return { ...serverLog(level, sink, (line) => sink(`${line}\n`)), begin: view.begin }
}

function serverLog(level: string, sink: Sink, relay: Sink): ServerLog {
  return { log: pino({ level, base: null }, { write: sink }), relay, begin: () => undefined }
}

/** @param onLoss told once, by a line of its own, when lines are lost: that the disk is full does not end a server */
function openFile(path: string, onLoss: Sink): Sink {
  let hasLost = false
  const lose = (why: unknown): void => {
    if (hasLost) return
    hasLost = true
    const msg = `--log-file ${path} cannot be written: ${reason(why)}. Lines of the log are lost until it can`
    onLoss(`${JSON.stringify({ level: error, time: systemClock.now().getTime(), msg })}\n`)
  }
  try {
    const file = openSync(path, 'a')
    return (line) => {
      try {
        writeSync(file, line)
      } catch (why) {
        lose(why)
      }
    }
  } catch (error) {
    throw new Failure(`--log-file ${path} cannot be written: ${reason(error)}`)
  }
}

/** All of it, readable. */
async function fullLog(level: string): Promise<ServerLog> {
  const { PinoPretty } = await import('pino-pretty')
  const log = pino(
    { level, base: null },
    PinoPretty({
      destination: 2,
      ignore: 'pid,hostname',
      translateTime: 'HH:MM:ss.l',
      colorize: paintFor(process.stderr).good('') !== '',
    }),
  )
  const relay = (line: string): void => {
    const { level, msg, time: _time, ...facts } = factsOf(line)
    const method = log.levels.labels[Number(level)] ?? 'warn'
    log[method as 'info'](facts, typeof msg === 'string' ? msg : '')
  }
  return { log, relay, begin: () => undefined }
}

function lineView(screen: Screen): { readonly show: Sink; readonly begin: () => void } {
  let hasBegun = false
  const news: LogFacts[] = []
  const paint = paintFor(screen)
  return {
    begin: () => {
      hasBegun = true
      for (const facts of news.splice(0)) write(facts)
    },
    show: (line) => {
      const facts = harmless(factsOf(line.trimEnd()))
      if (hasBegun || Number(facts['level']) >= error) write(facts)
      else if (isNewsOfStart(facts)) news.push(facts)
    },
  }

  function write(facts: LogFacts): void {
    for (const shown of linesOf(facts, screen.columns)) screen.write(`${shown}\n`)
  }

  function linesOf(facts: LogFacts, width = 80): readonly string[] {
    const exchange = exchangeOf(facts)
    if (exchange !== undefined) return exchangeLines(exchange, width, paint)
    const event = eventOf(facts)
    return event === undefined ? [] : eventLines(event, width, paint)
  }
}

/** A line that is no JSON is a process's last cry. */
function factsOf(line: string): LogFacts {
  try {
    const facts = JSON.parse(line) as unknown
    if (typeof facts === 'object' && facts !== null) return facts as LogFacts
  } catch {
    // Told below.
  }
  return { level: 40, time: systemClock.now().getTime(), msg: line }
}

/** Clients choose some of the texts. */
function harmless(facts: LogFacts): LogFacts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === 'string' ? withoutControls(value) : value]),
  )
}
