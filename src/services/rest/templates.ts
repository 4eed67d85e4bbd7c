/** The rights policy templates that the cluster distributes, in the client's language (rest-mde 5). */
import type { ServerTemplate } from '../../cluster/server-state.js'
import { readDescriptorName } from '../../xrml/template.js'
import { requireInService } from '../standing.js'
import { walk } from '../steps.js'
import { publishedTemplates } from '../templates/acquire-template-information.js'
import { requireAdmittedClient } from './admission.js'
import { textFor } from './languages.js'
import { restOperation, type RestCall, type RestOperation } from './operation.js'
import { templateList } from './schemas.js'

export const templates: RestOperation = restOperation(
  {
    name: 'Templates',
    method: 'GET',
    path: '/templates',
    about: 'Lists the rights policy templates.',
    guardedAs: '/licensing/templatedistribution.asmx',
    schema: { answer: templateList },
  },
  walk<RestCall>()
    .step('application', requireAdmittedClient)
    .step('in service', requireInService)
    .step('answer', ({ state, languages }) => ({
      answer: publishedTemplates(state).map((template) => entryOf(template, languages)),
    })),
)

/** A client gives up the whole list for one empty text. */
function entryOf({ guid, rights }: ServerTemplate, languages: string): object {
  const found = textFor(readDescriptorName(rights.document.body.descriptor?.name ?? ''), languages)
  const name = found?.name || guid
  return { Id: guid, Name: name, Description: found?.description || name }
}
