/** Sinks for what clients would tell of themselves: taken, and not kept (rest-mde 9). */
import { walk } from '../steps.js'
import { restPaths } from './addresses.js'
import { restOperation, type RestCall, type RestOperation } from './operation.js'

function sink(name: 'ClientDebugLogs' | 'ClientPerformanceLogs'): RestOperation {
  const row = {
    name,
    method: 'POST' as const,
    path: restPaths[name],
    about: 'Takes a log of a client, of any form, and forgets it.',
    guardedAs: '/licensing/servicelocator.asmx',
    schema: {},
  }
  return restOperation(
    row,
    walk<RestCall>().step('answer', () => ({ answer: undefined })),
  )
}

export const clientDebugLogs = sink('ClientDebugLogs')
export const clientPerformanceLogs = sink('ClientPerformanceLogs')
