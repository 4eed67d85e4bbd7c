/** The log of a server process: JSON lines, or readable lines on a terminal. On stderr, so that stdout stays for results. */
import { pino, type Logger } from 'pino'

export async function createLogger(level: string): Promise<Logger> {
  if (!process.stderr.isTTY) return pino({ level, base: null }, pino.destination({ dest: 2, sync: false }))
  const { PinoPretty } = await import('pino-pretty')
  return pino(
    { level, base: null },
    PinoPretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }),
  )
}

/** Takes the log lines of other processes into the log of this one: as they are where a program reads it, readable on a terminal. */
export function relayTo(log: Logger): (line: string) => void {
  if (!process.stderr.isTTY) return (line) => void process.stderr.write(`${line}\n`)
  return (line) => {
    const { level, msg, time: _time, ...facts } = factsOf(line)
    const method = log.levels.labels[Number(level)] ?? 'warn'
    log[method as 'info'](facts, typeof msg === 'string' ? msg : '')
  }
}

function factsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  } catch {
    return { level: 40, msg: line }
  }
}
