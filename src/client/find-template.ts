/** A template by what people call it. */
import type { Template } from './acquire-templates.js'

/** The server has no template of that name, or several. */
export class NoSuchTemplate extends Error {
  override readonly name = 'NoSuchTemplate'
}

/** Whether a text is a template itself, and not the name of one. */
export function isTemplateText(text: string): boolean {
  return /^\uFEFF?\s*</.test(text)
}

/**
 * By GUID, by its whole name in any language, or by a part of the name that only one has; without regard to case.
 * @throws NoSuchTemplate naming those that there are
 */
export function findTemplate(all: readonly Template[], wanted: string): Template {
  const key = wanted.trim().toLowerCase()
  const named = (fits: (name: string) => boolean): readonly Template[] =>
    all.filter(({ texts }) => texts.some(({ name }) => fits(name.toLowerCase())))
  const bare = (guid: string): string => guid.toLowerCase().replaceAll(/[{}]/g, '')
  const whole = all.find(({ guid }) => bare(guid) === bare(key)) ?? named((name) => name === key)[0]
  const parts = key === '' ? [] : named((name) => name.includes(key))
  const found = whole ?? (parts.length === 1 ? parts[0] : undefined)
  if (found !== undefined) return found
  const names = (templates: readonly Template[]): string => templates.map(({ texts }) => texts[0]?.name).join(', ')
  throw new NoSuchTemplate(
    parts.length > 1
      ? `"${wanted}" stands for several templates: ${names(parts)}`
      : `There is no template "${wanted}". The server has ${names(all) || 'none'}`,
  )
}
