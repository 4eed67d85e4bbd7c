/** The record of a request in the request log: the same for SOAP, REST, the binary form, and for who is not let in. */
import type { FastifyRequest } from 'fastify'
import type { NewRequestLogRecord } from '../cluster/request-log.js'
import { clientRequestId } from '../http/request-ids.js'
import type { Notes } from '../services/context.js'
import { clientAddressOf, isSecure } from './asked.js'
import type { NodeContext } from './context.js'
import { listenerOf } from './listener-mark.js'

export interface Recorded {
  readonly path: string
  /** Operation, or the service when the operation is not known. */
  readonly operation: string
  readonly notes: Notes
  /** Why it was refused; undefined when it succeeded. */
  readonly error: string | undefined
  readonly now: Date
  /** Milliseconds since the first look at the request; undefined where that is not measured. */
  readonly milliseconds?: number
}

/** The answer waits for its record: nothing that was issued is missing from the log. @throws what the request log throws */
export async function record(request: FastifyRequest, context: NodeContext, recorded: Recorded): Promise<void> {
  await context.requestLog.append(recordOf(request, context, recorded))
}

function recordOf(
  request: FastifyRequest,
  context: NodeContext,
  { path, operation, notes, error, now, milliseconds }: Recorded,
): NewRequestLogRecord {
  const { caller, headers } = request
  const account = notes.account ?? caller.account?.mail ?? ''
  const metadata = {
    ...(account === '' ? {} : { account }),
    ...(caller.isAuthenticated ? { scheme: caller.authenticationType } : {}),
    ...notes.metadata,
  }
  return {
    clusterName: context.state().name,
    hostMachineName: context.nodeId,
    hostMachineRequestId: request.id,
    clientRequestId: clientRequestId(headers['x-request-id']) ?? '',
    requestTime: now.toISOString(),
    listener: listenerOf(headers, context.listenerKey),
    requestPath: path,
    requestType: operation,
    requestUserAddress: clientAddressOf(request, context),
    requestUserAgent: headers['user-agent'] ?? '',
    authenticatedState: caller.isAuthenticated ? 'True' : 'False',
    secureConnectionState: isSecure(request, context),
    authenticatedId: caller.account?.name ?? '',
    ...(context.keepsXrml ? { receivedXrml: notes.received.join(''), issuedXrml: notes.issued.join('') } : {}),
    metadata: JSON.stringify(metadata),
    successOrFailure: error === undefined ? 'Succeeded' : 'Failed',
    errorInformation: error ?? '',
    ...(milliseconds === undefined ? {} : { durationMilliseconds: Math.round(milliseconds * 10) / 10 }),
  }
}

/** Of a request that came to no operation. */
export const nothingDone: Notes = { metadata: {}, issued: [], received: [] }

/** Of somebody whose credentials were refused. What they wanted is not read, and nobody waits for a stranger's record, which may be dropped. */
export function recordRefusedSignIn(
  request: FastifyRequest,
  context: NodeContext,
  { path, operation, why }: { readonly path: string; readonly operation: string; readonly why: string },
): void {
  const notes = nothingDone
  const error = `401: ${why}`
  context.requestLog.offer(recordOf(request, context, { path, operation, notes, error, now: context.clock.now() }))
}
