/** A request log that takes nothing when the lab wants it to be full, as MSMQ does when nobody empties it. */
import { RequestLogFull, type RequestLog } from './request-log.js'

export function fillableLog(log: RequestLog, isFull: () => boolean): RequestLog {
  return {
    ...log,
    append: (record) =>
      isFull()
        ? Promise.reject(new RequestLogFull('The request log is full: it is set so in the lab'))
        : log.append(record),
    offer: (record) => {
      if (!isFull()) log.offer(record)
    },
    canKeep: () => !isFull() && log.canKeep(),
  }
}
