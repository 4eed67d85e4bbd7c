/** Who may do what, as `--to` says it. */
import { rightNamed } from '../xrml/rights.js'
import { Failure } from './failure.js'

/**
 * @param text such as `bob@contoso.test=VIEW,PRINT`; VIEW alone when it names no right
 * @throws Failure
 */
export function rightsEntry(text: string): { to: string; rights: readonly string[] } {
  const [, to = '', list = 'VIEW'] = /^([^=\s]+)(?:=([\w., -]+))?$/.exec(text) ?? []
  const rights = list.split(',').map(rightNamed)
  if (to === '' || rights.includes(''))
    throw new Failure(`--to is "${text}"; it must look like bob@contoso.test=VIEW,PRINT`, 2)
  return { to, rights }
}
