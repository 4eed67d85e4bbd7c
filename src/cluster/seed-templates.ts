/** The three rights policy templates that every new cluster starts with, in English and German. */
import type { Random } from '../effects.js'
import { newGuid } from '../effects.js'
import type { Forest } from '../directory/directory.js'
import { forestTitle } from '../directory/forest.js'
import type { HashName } from '../crypto/modes.js'
import type { Signer } from '../crypto/signer.js'
import type { Principal } from '../xrml/body.js'
import { mailPrincipal, type Grant } from '../xrml/rights.js'
import { buildTemplate, type TemplateFields } from '../xrml/template.js'
import { toMinute } from '../xrml/times.js'
import type { StoredTemplate } from './store/template-store.js'

type SeedTemplate = Pick<TemplateFields, 'texts' | 'grants' | 'precondition' | 'applicationData'>

const english = 1033
const german = 1031

const rights = (principal: Grant['principal'], ...names: readonly string[]): readonly Grant[] =>
  names.map((right) => ({ right, principal }))

function seedTemplates(forest: Forest): readonly SeedTemplate[] {
  const staff = mailPrincipal(`staff@${forest.dnsName}`)
  const legal = mailPrincipal(`legal@${forest.dnsName}`)
  const title = forestTitle(forest)
  return [
    {
      texts: [
        {
          lcid: english,
          name: `${title} Confidential Read Only`,
          description: 'Everybody in staff may read this, and nothing else',
        },
        {
          lcid: german,
          name: `${title} vertraulich, nur lesen`,
          description: 'Alle in staff dürfen dies lesen, sonst nichts',
        },
      ],
      grants: rights(staff, 'VIEW'),
    },
    {
      texts: [
        {
          lcid: english,
          name: `${title} Legal 30 Days`,
          description: 'The legal department may read and edit this for 30 days after it was published',
        },
        {
          lcid: german,
          name: `${title} Recht 30 Tage`,
          description: 'Die Rechtsabteilung darf dies 30 Tage nach der Veröffentlichung lesen und bearbeiten',
        },
      ],
      grants: rights(legal, 'VIEW', 'EDIT', 'DOCEDIT', 'PRINT'),
      precondition: { days: 30 },
    },
    {
      texts: [
        {
          lcid: english,
          name: `${title} Do Not Forward`,
          description: 'Everybody in staff may read, reply and reply to all, but not forward, print or copy',
        },
        {
          lcid: german,
          name: `${title} nicht weiterleiten`,
          description: 'Alle in staff dürfen lesen und antworten, aber nicht weiterleiten, drucken oder kopieren',
        },
      ],
      grants: rights(staff, 'VIEW', 'VIEWRIGHTSDATA', 'DOCEDIT', 'EDIT', 'OBJMODEL', 'REPLY', 'REPLYALL'),
      applicationData: [{ name: 'NOLICCACHE', value: '1' }],
    },
  ]
}

export interface TemplateIssuer {
  readonly principal: Principal
  readonly signer: Signer
  readonly hash: HashName
  readonly licensingUrl: string
}

/** The seed templates, signed by a cluster and ready to be stored. */
export async function signSeedTemplates(
  issuer: TemplateIssuer,
  forest: Forest,
  now: Date,
  random: Random,
): Promise<readonly StoredTemplate[]> {
  return Promise.all(
    seedTemplates(forest).map(async (template) => {
      const guid = newGuid(random)
      const fields = {
        ...template,
        guid,
        issuedTime: toMinute(now),
        issuer: issuer.principal,
        licensingUrl: issuer.licensingUrl,
      }
      const signedXrml = await buildTemplate(fields, issuer.signer, issuer.hash)
      return { guid, state: 'published' as const, signedXrml, changed: now.toISOString() }
    }),
  )
}
