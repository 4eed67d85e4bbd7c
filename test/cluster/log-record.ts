/** A record of the request log, for tests. */
import type { NewRequestLogRecord } from '../../src/cluster/request-log.js'

export function logRecord(id: number | string, other: Partial<NewRequestLogRecord> = {}): NewRequestLogRecord {
  return {
    clusterName: 'root',
    hostMachineName: 'root-1',
    hostMachineRequestId: String(id),
    clientRequestId: '',
    requestTime: new Date(Date.UTC(2026, 0, 1) + (Number(id) || 0) * 1000).toISOString(),
    listener: 'direct',
    requestPath: '/_wmcs/licensing/license.asmx',
    requestType: 'AcquireLicense',
    requestUserAddress: '127.0.0.1',
    requestUserAgent: 'test',
    authenticatedState: 'True',
    secureConnectionState: false,
    authenticatedId: 'CONTOSO\\alice',
    metadata: '',
    successOrFailure: 'Succeeded',
    errorInformation: '',
    ...other,
  }
}
