/** The log of a server process: JSON lines, or readable lines on a terminal. On stderr, so that stdout stays for results. */
import { pino, type Logger } from 'pino'
import { PinoPretty } from 'pino-pretty'

export function createLogger(level: string): Logger {
  if (!process.stderr.isTTY) return pino({ level, base: null }, pino.destination({ dest: 2, sync: false }))
  return pino({ level, base: null }, PinoPretty({ destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }))
}
