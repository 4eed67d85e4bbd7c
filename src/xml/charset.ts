/** Encodings by name: what the charset of a Content-Type or the declaration of an XML document may say. */
import { isAscii } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { decodeText } from './decode.js'

/**
 * Text of these bytes.
 * @throws TypeError when they are not in the encoding
 */
export type Decode = (bytes: Buffer) => string

const unicode: readonly string[] = ['utf-8', 'utf8', 'utf-16', 'utf-16le', 'utf-16be']
const ascii: readonly string[] = ['us-ascii', 'ascii', 'ansi_x3.4-1968', 'iso646-us']
const singleByte = /^(?:ibm866|iso-8859-\d+(?:-i)?|koi8-[ru]|macintosh|windows-\d+|x-mac-cyrillic)$/

/**
 * @param name as it was written, in any case
 * @returns undefined for a name that stands for none of the Unicode encodings and for no set of single bytes that contains ASCII
 */
export function decoderOf(name: string): Decode | undefined {
  const label = name.trim().toLowerCase()
  // Which of the Unicode encodings it is, the bytes tell better than the name: stacks say "utf-16" of either byte order.
  if (unicode.includes(label)) return decodeText
  if (ascii.includes(label)) return decodeAscii
  const table = tableOf(label)
  return table === undefined ? undefined : (bytes) => decodeByTable(bytes, table)
}

export function isUnicode(name: string): boolean {
  return unicode.includes(name.trim().toLowerCase())
}

function decodeAscii(bytes: Buffer): string {
  if (!isAscii(bytes)) throw new TypeError('Not US-ASCII')
  return bytes.toString('latin1')
}

function decodeByTable(bytes: Buffer, table: string): string {
  return bytes.toString('latin1').replaceAll(/[\x80-\xFF]/g, (character) => {
    const read = table.charAt(character.charCodeAt(0) - 0x80)
    if (read === '\uFFFD') throw new TypeError('A byte that stands for no character')
    return read
  })
}

/** Where windows-1252 is not ISO 8859-1: its characters from 0x80 to 0x9F. */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8DŽ\x8F\x90‘’“”•–—˜™š›œ\x9DžŸ'
const controls = Buffer.from(Array.from({ length: 0x20 }, (_, at) => 0x80 + at)).toString('latin1')
const upper = Buffer.from(Array.from({ length: 0x80 }, (_, at) => 0x80 + at))

/** Names of sets that have characters from 0x80 to 0x9F. In those of ISO these are control characters. */
const codePages = /^(?:windows|x-cp|cp125|dos|ibm866|cp866|866|csibm866|koi|cskoi|x-mac|mac|csmac)/

/**
 * The characters from 0x80 to 0xFF. TextDecoder knows the sets, but not to the letter: it follows browsers, which read ISO 8859-1, -9 and -11 as the
 * Windows sets that they are a part of; and that of Node.js 20 reads windows-1252 as ISO 8859-1.
 */
function tableOf(label: string): string | undefined {
  const decoder = textDecoderOf(label)
  if (decoder === undefined || !singleByte.test(decoder.encoding)) return undefined
  const whole =
    decoder.encoding === 'windows-1252' ? windows1252 + upper.toString('latin1').slice(0x20) : decoder.decode(upper)
  return codePages.test(label) ? whole : controls + whole.slice(0x20)
}

function textDecoderOf(label: string): TextDecoder | undefined {
  try {
    return new TextDecoder(label)
  } catch {
    return undefined
  }
}
