/** AcquireTemplates: the templates of the GUIDs asked for ([MS-RMPR] 3.4.4.3). */
import type { ServerTemplate } from '../../cluster/server-state.js'
import { refuse } from '../../exceptions.js'
import { child, childrenNamed, type XmlElement } from '../../xml/read.js'
import { element, text, type Markup } from '../../xml/write.js'
import { describe, operation, type Call } from '../context.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { publishedTemplates, templateHash } from './acquire-template-information.js'
import { templateDistributionService } from './messages.js'

/** [MS-RMPR] 3.4.4.3.3.1. */
const mostTemplates = 25

export const acquireTemplates = operation(
  describe(templateDistributionService, 'AcquireTemplates'),
  walk<Call>()
    .step('arguments', requireArguments)
    .step('in service', requireInService)
    .step('read', readGuids)
    .step('answer', answer),
)

function requireArguments({ request }: Call): { array: XmlElement } {
  const array = child(request, 'guids')
  return array === undefined ? refuse('ArgumentNull', 'guids is missing') : { array }
}

function readGuids({ array }: { array: XmlElement }): { guids: readonly string[] } {
  const guids = childrenNamed(array, 'string').map((guid) => guid.text.trim())
  if (guids.length > mostTemplates)
    return refuse('UnspecifiedError', `${guids.length} templates are asked for, at most ${mostTemplates} are given`)
  return { guids }
}

/** One entry for each GUID, in order; without Template when there is none of this GUID. */
function answer({ guids, state }: Call & { guids: readonly string[] }): { answer: Markup } {
  const templates = publishedTemplates(state)
  const entries = guids.map((guid) =>
    entry(
      guid,
      templates.find((template) => template.guid.toLowerCase() === guid.toLowerCase()),
    ),
  )
  return { answer: element('AcquireTemplatesResult', {}, entries) }
}

function entry(guid: string, template: ServerTemplate | undefined): Markup {
  const found =
    template === undefined
      ? []
      : [element('Hash', {}, text(templateHash(template))), element('Template', {}, text(template.text))]
  return element('GuidTemplate', {}, element('Guid', {}, text(guid)), found)
}
