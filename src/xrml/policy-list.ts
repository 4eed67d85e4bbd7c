/**
 * POLICYLIST: applications that may, or may not, use the content ([MS-RMPR] 2.2.9.7.8). Read into fields and written anew, never copied: a server encrypts
 * these under a content key that the caller need not know, so no text of the caller's choice may get there.
 */
import { childrenNamed, descend, type XmlElement } from '../xml/read.js'
import { element, text, type Markup } from '../xml/write.js'
import { MalformedXrml } from './body.js'

export interface Policy {
  readonly filename: string
  readonly minimum: string
  readonly maximum: string
}

export interface PolicyList {
  readonly type: 'exclusion' | 'inclusion'
  readonly policies: readonly Policy[]
}

const mostPolicies = 1000
const filenameForm = /^[\w .()+-]{1,255}$/
const versionForm = /^\d{1,10}(\.\d{1,10}){0,3}$/

/** @throws MalformedXrml for anything but file names and versions */
export function readPolicyList(list: XmlElement): PolicyList {
  const { type } = list.attributes
  const policies = childrenNamed(list, 'POLICY')
  if (type !== 'exclusion' && type !== 'inclusion')
    throw new MalformedXrml(`A POLICYLIST is of type exclusion or inclusion, not "${type?.slice(0, 40)}"`)
  if (policies.length !== list.children.length)
    throw new MalformedXrml('A POLICYLIST has POLICY elements and nothing else')
  if (policies.length > mostPolicies)
    throw new MalformedXrml(`A POLICYLIST has ${policies.length} policies, at most ${mostPolicies} are taken`)
  return { type, policies: policies.map(readPolicy) }
}

function readPolicy(policy: XmlElement): Policy {
  const filename = descend(policy, 'OBJECT', 'ID')?.text.trim() ?? ''
  const span = descend(policy, 'OBJECT', 'VERSIONSPAN')?.attributes ?? {}
  const [minimum = '', maximum = ''] = [span.min, span.max]
  if (!filenameForm.test(filename)) throw new MalformedXrml(`"${filename.slice(0, 60)}" is no file name of a POLICY`)
  if (!versionForm.test(minimum) || !versionForm.test(maximum))
    throw new MalformedXrml(`"${minimum.slice(0, 40)}" to "${maximum.slice(0, 40)}" is no VERSIONSPAN`)
  return { filename, minimum, maximum }
}

/** undefined when there is no policy. */
export function policyListElement(type: PolicyList['type'], policies: readonly Policy[]): Markup | undefined {
  if (policies.length === 0) return undefined
  const entries = policies.map(({ filename, minimum, maximum }) => {
    const id = element('ID', { type: 'filename' }, text(filename))
    return element('POLICY', {}, element('OBJECT', {}, id, element('VERSIONSPAN', { min: minimum, max: maximum })))
  })
  return element('POLICYLIST', { type }, entries)
}
