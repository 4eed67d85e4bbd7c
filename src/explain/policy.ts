/** The policy inside a publishing license, for who has the key that opens it ([MS-RMPR] 2.2.9.8). */
import type { RightsData } from '../xrml/rights-data.js'
import { formatTime } from '../xrml/times.js'
import type { PolicyExplanation } from './explanation.js'
import { explainGrant } from './judge-document.js'

/**
 * @param openedBy name of the cluster
 * @param xrml the rights data as it was encrypted
 */
export function readPolicy(openedBy: string, rightsData: RightsData, xrml: string): PolicyExplanation {
  const { owner, grants, templateGuid, precondition, document } = rightsData
  const { range, days } = precondition
  return {
    ok: true,
    openedBy,
    ...(templateGuid === undefined ? {} : { template: templateGuid }),
    ...(owner?.name === undefined ? {} : { owner: owner.name }),
    ...(range === undefined ? {} : { from: formatTime(range.from), until: formatTime(range.until) }),
    ...(days === undefined ? {} : { days }),
    list: grants.map((grant) => explainGrant(grant, document.body.issuedTime)),
    xrml,
  }
}
