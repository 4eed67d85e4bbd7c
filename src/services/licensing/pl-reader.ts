/** The PLs of one request: a batch may name the same one a hundred times, it is read, verified and opened once. */
import type { ServerState } from '../../cluster/server-state.js'
import type { XmlElement } from '../../xml/read.js'
import { publishingLicenseLimits, readChain } from '../read-documents.js'
import { licensingExceptions, openPl, requireGoodPl, type GoodPl, type OpenPl } from './publishing-license.js'

export type OpenedPl = Pick<OpenPl, 'keyBlob' | 'rightsData'>

export interface PlReader {
  /** The PL in an IssuanceLicense, verified. */
  readonly verify: (issuanceLicense: XmlElement | undefined) => Promise<GoodPl>
  readonly open: (pl: GoodPl) => Promise<OpenedPl>
}

export function plReader(state: ServerState): PlReader {
  const verified = new Map<XmlElement | undefined, Promise<GoodPl>>()
  const opened = new Map<GoodPl, Promise<OpenedPl>>()
  const read = async (holder: XmlElement | undefined): Promise<GoodPl> =>
    requireGoodPl(readChain(holder, publishingLicenseLimits, 'InvalidRightsLabelSignature'), state, licensingExceptions)
  return {
    verify: (holder) => once(verified, holder, () => read(holder)),
    open: (pl) => once(opened, pl, () => openPl(pl)),
  }
}

function once<Key, Value>(kept: Map<Key, Promise<Value>>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const known = kept.get(key) ?? make()
  kept.set(key, known)
  return known
}
