/** Protecting a whole file: content under the content key, publishing license in front, as a `.pfile`. */
import { encryptCbc4kChunks, encryptContent, type Chunks } from '../crypto/content-cipher.js'
import type { CipherMode } from '../crypto/content-key.js'
import { withDeclaration } from '../xrml/document.js'
import { writePfile, writePfileHeader } from './pfile.js'
import type { Published } from './publish.js'

/**
 * @param published with cipher mode CBC4K or ECB
 * @param extension of the original file, with its dot; '' when it had none
 * @throws PfileError, RangeError
 */
export function protectBytes(
  published: Pick<Published, 'text' | 'contentKey'>,
  extension: string,
  plain: Uint8Array,
): Buffer {
  const key = keyOf(published, ['CBC4K', 'ECB'])
  const encryptedContent =
    published.contentKey.cipherMode === 'ECB'
      ? encryptContent('ECB', key, filledUp(plain))
      : encryptContent('CBC4K', key, plain)
  return writePfile({
    extension,
    publishingLicense: withDeclaration(published.text),
    originalSize: plain.length,
    encryptedContent,
  })
}

/** ECB has whole blocks only; readers take the size from the header. */
function filledUp(plain: Uint8Array): Buffer {
  const filled = Buffer.alloc(Math.ceil(plain.length / 16) * 16)
  filled.set(plain)
  return filled
}

/**
 * The same for files that do not fit into memory.
 * @param originalSize bytes that `chunks` will have; undefined when not known
 * @throws PfileError, RangeError; while streaming, RangeError when the size was another one
 */
export async function* protectChunks(
  published: Published,
  extension: string,
  originalSize: number | undefined,
  chunks: Chunks,
): AsyncGenerator<Buffer, void, undefined> {
  const key = keyOf(published, ['CBC4K'])
  yield writePfileHeader({ extension, publishingLicense: withDeclaration(published.text), originalSize })
  yield* encryptCbc4kChunks(key, counted(chunks, originalSize))
}

/** The size stands in the header, which has gone out already: a wrong one would make a file that readers refuse. */
async function* counted(chunks: Chunks, expected: number | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    yield chunk
  }
  if (expected !== undefined && size !== expected)
    throw new RangeError(`The content has ${size} bytes, announced were ${expected}`)
}

/** Readers take the cipher mode from the sealed key. */
function keyOf({ contentKey }: Pick<Published, 'contentKey'>, modes: readonly CipherMode[]): Buffer {
  if (!modes.includes(contentKey.cipherMode)) {
    throw new RangeError(
      `This is encrypted with ${modes.join(' or ')}, the content was published for ${contentKey.cipherMode}`,
    )
  }
  return contentKey.key
}
