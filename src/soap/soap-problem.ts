/** A request that is refused before any RMS code sees it (SOAP 1.1 section 4.4.1, SOAP 1.2 part 1 section 5.4.6). */
import type { RefusalFacts } from '../refusal.js'

export type SoapVersion = '1.1' | '1.2'

/** SOAP 1.1 names; SOAP 1.2 calls Client `Sender`. */
export type SoapFaultCode = 'Client' | 'MustUnderstand' | 'VersionMismatch'

export interface HeaderName {
  readonly name: string
  readonly namespace: string
}

/** The message is told to the caller: it says nothing about the inside of the server. */
export class SoapProblem extends Error {
  override readonly name = 'SoapProblem'
  readonly code: SoapFaultCode
  /** The version to answer in, as far as the request could be understood. */
  readonly version: SoapVersion
  /** HTTP status of the answer. */
  readonly status: number
  /** Headers that must be understood and are not: an answer of SOAP 1.2 names them. */
  readonly notUnderstood: readonly HeaderName[]
  /** As for RmsException: never for the wire. */
  readonly facts: RefusalFacts | undefined

  /** @param more status only where it differs from what the SOAP versions prescribe for the code */
  constructor(
    code: SoapFaultCode,
    message: string,
    version: SoapVersion,
    {
      status,
      notUnderstood = [],
      facts,
    }: {
      readonly status?: number | undefined
      readonly notUnderstood?: readonly HeaderName[]
      readonly facts?: RefusalFacts
    } = {},
  ) {
    super(message)
    this.code = code
    this.version = version
    this.notUnderstood = notUnderstood
    this.facts = facts
    // SOAP 1.1 section 6.2 knows 500 only; SOAP 1.2 part 2 table 20 has 400 for Sender and 500 for the others
    this.status = status ?? (code === 'Client' && version === '1.2' ? 400 : 500)
  }
}

/** A part of the request that may be repeated in an answer or a log line: bounded in length, on one line. */
export function quoted(value: string): string {
  const start = value.length > 100 ? `${value.slice(0, 100)}…` : value
  return `'${start.replaceAll(/\s/g, ' ')}'`
}
