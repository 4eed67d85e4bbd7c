/** Secrets from files, as containers hand them over: every setting that is a secret has a second one that names a file. */
import { optionNames, optionRow } from './options.js'
import type { OptionName } from './options.js'

const ending = '-file'
/** Characters; more is no password. */
const longest = 4096

/** `key-password-file`; undefined for a setting that is no secret. */
export function secretFileName(name: OptionName): string | undefined {
  return optionRow(name).secret === true ? `${name}${ending}` : undefined
}

/** The secret whose file this names: `key-password` for `key-password-file`; undefined for every other name. */
export function secretOfFile(name: string): OptionName | undefined {
  return optionNames.find((candidate) => secretFileName(candidate) === name)
}

/**
 * The secret in a file, without the line break that editors put at its end.
 * @throws Error when it cannot be read, or holds nothing, or more than one line; the message shows nothing of it
 */
export function readSecret(path: string, readText: (path: string) => string): string {
  const text = readText(path).replace(/\r?\n$/, '')
  if (text === '') throw new Error('it is empty')
  if (text.length > longest) throw new Error(`it has more than ${longest} characters`)
  if (/[\r\n]/.test(text)) throw new Error('it has more than one line')
  return text
}
