/** ArrayOfString, which several requests carry ([MS-RMPR] 2.2.3.4). */
import { element, text, type Markup } from '../xml/write.js'

/** The array under the name of its message member. */
export function arrayOfString(name: string, values: readonly string[]): Markup {
  return element(
    name,
    {},
    values.map((value) => element('string', {}, text(value))),
  )
}
