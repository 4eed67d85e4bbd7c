/** AcquireTemplateInformation: GUID and hash of every published template ([MS-RMPR] 3.4.4.2). */
import type { ServerState, ServerTemplate } from '../../cluster/server-state.js'
import { publicKeyToPkcs1 } from '../../crypto/keys.js'
import { childrenNamed, descend } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { templateDistributionService } from './messages.js'

export const acquireTemplateInformation = operation(
  describe(templateDistributionService, 'AcquireTemplateInformation'),
  walk<Call>()
    .step('in service', requireInService)
    .step('answer', ({ state }) => ({ answer: answer(state) })),
)

/** Templates that are distributed; archived ones are only honored. */
export function publishedTemplates(state: ServerState): readonly ServerTemplate[] {
  return state.own.templates.filter((template) => template.state === 'published')
}

/** Hash of a template as clients compare it: the text of its DIGEST/VALUE. */
export function templateHash({ rights }: ServerTemplate): string {
  return childrenNamed(descend(rights.document.signature, 'DIGEST'), 'VALUE')[0]?.text ?? ''
}

function answer(state: ServerState): Markup {
  const templates = publishedTemplates(state)
  const hashes = templates.map((template) =>
    element(
      'GuidHash',
      {},
      element('Guid', {}, text(template.guid)),
      element('Hash', {}, text(templateHash(template))),
    ),
  )
  return element(
    'AcquireTemplateInformationResult',
    {},
    element('ServerPublicKey', {}, text(publicKeyToPkcs1(state.own.signer.publicKey))),
    element('GuidHashCount', {}, text(templates.length)),
    hashes,
  )
}
