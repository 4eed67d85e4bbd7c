/**
 * Tree to text, every blank under control: double quotes, attributes in the order given, `<X />` for empty elements, no line
 * breaks. This is the surface of the genuine servers; the bytes are what gets signed.
 */

/** Well-formed XML text. Made only by this file's functions or by `asMarkup` for text that was cut out of a parsed message. */
export type Markup = string & { readonly __markup: unique symbol }

type Child = Markup | undefined | readonly (Markup | undefined)[]

/** Marks text as well-formed XML: for text that a parser has already accepted. */
export function asMarkup(text: string): Markup {
  return text as Markup
}

/** Character data, escaped. A carriage return is never written: parsers would change it and break the signature. */
export function text(value: string | number | boolean): Markup {
  return asMarkup(escape(String(value)))
}

/**
 * One element. Attributes with an undefined value and undefined children are left out.
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>> = {},
  ...children: readonly Child[]
): Markup {
  const content = joined(...children)
  const start = `<${name}${attributeText(attributes)}`
  return asMarkup(content === '' ? `${start} />` : `${start}>${content}</${name}>`)
}

/** Several pieces of markup one after the other. */
export function joined(...children: readonly Child[]): Markup {
  // Added up rather than joined: V8 copies the characters once, when all is there.
  let content = ''
  for (const child of children) {
    if (typeof child === 'string') content += child
    else if (child !== undefined) for (const part of child) content += part ?? ''
  }
  return asMarkup(content)
}

function attributeText(attributes: Readonly<Record<string, string | number | undefined>>): string {
  let written = ''
  for (const name of Object.keys(attributes)) {
    const value = attributes[name]
    if (value !== undefined) written += ` ${name}="${escapeAttribute(String(value))}"`
  }
  return written
}

/** Nearly all values have nothing of this. */
const escaped = /[^\x20-\x21\x23-\x25\x27-\x3B\x3D\x3F-\uD7FF]/

/** Tab and line feed are written as references: parsers turn them into blanks otherwise. */
function escapeAttribute(value: string): string {
  if (!escaped.test(value)) return value
  return escape(value).replaceAll('"', '&quot;').replaceAll('\t', '&#x9;').replaceAll('\n', '&#xA;')
}

function escape(value: string): string {
  if (!escaped.test(value)) return value
  return unprintable(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Characters that XML 1.0 cannot carry and carriage returns are dropped; a lone surrogate becomes U+FFFD. */
function unprintable(value: string): string {
  return value.toWellFormed().replace(/[\u0000-\u0008\u000B-\u001F\uFFFE\uFFFF]/g, '')
}
