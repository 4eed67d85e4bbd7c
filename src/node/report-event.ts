/** What happens to the request log, in the log of the process. */
import type { Logger } from 'pino'
import type { RequestLogEvent } from '../cluster/request-log.js'

export function reportEvent(event: RequestLogEvent, log: Logger): void {
  switch (event.kind) {
    case 'away':
      log.warn({ why: event.error.message }, 'the database is away: request log records wait in the spool')
      break
    case 'back':
      log.info('the database is back')
      break
    case 'unkept':
      log.error({ why: event.error.message }, 'no request can be recorded, so none is answered: the node is not ready')
      break
    case 'kept':
      log.info('requests can be recorded again: the node is ready')
      break
    case 'recovered':
      log.info(
        { written: event.written, damaged: event.damaged },
        'request log records of the spool are in the database',
      )
      break
    case 'failed':
      log.error({ err: event.error }, 'the spool of request log records cannot be read')
  }
}
