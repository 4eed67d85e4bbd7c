/** The text of a seed file, YAML or JSON, as a tree of plain values, with the place of each. Only what has one meaning is read: no aliases, no tags. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import { deepest, isShallow } from './shallow.js'
import { largestSeedFile } from './seed-file.js'
import { pathText, SeedFileError, type SeedPath, type SeedPlace, type SeedProblem } from './seed-file-error.js'

export interface SeedText {
  readonly value: unknown
  /** Of the part, or of the nearest one above it that the file has. */
  place(path: SeedPath, isKey?: boolean): SeedPlace
  /** A scalar as it is written. */
  written(path: SeedPath): string | undefined
}

interface Spot {
  readonly key: number | undefined
  readonly value: number
  readonly written: string | undefined
}

const mostProblems = 20

/**
 * @param file its name, for errors
 * @throws SeedFileError
 */
export function readSeedText(text: string, file: string): SeedText {
  const refuse = (message: string): never => {
    throw new SeedFileError(file, [{ path: [], message }])
  }
  if (text.length > largestSeedFile)
    refuse(`it has ${text.length} characters: a seed file has at most ${largestSeedFile}`)
  if (text.includes('\uFFFD') || text.includes('\0')) refuse('it is no text in UTF-8: save it as UTF-8')
  if (!isShallow(text)) refuse(`it is nested more than ${deepest} levels deep`)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    // Looked for below, in time that goes with the size.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const placeAt = (offset: number): SeedPlace => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const problems: (SeedProblem & SeedPlace)[] = document.errors
    .slice(0, mostProblems)
    .map(({ message, pos, code }) => ({
      path: [],
      message:
        code === 'MULTIPLE_DOCS' ? 'a second document begins here: a seed file is one' : `it is no YAML: ${message}`,
      ...placeAt(pos[0]),
    }))
  if (problems.length > 0) throw new SeedFileError(file, problems)
  const spots = new Map<string, Spot>()
  const complain = (message: string, path: SeedPath, offset: number): void => {
    if (problems.length < mostProblems) problems.push({ path, message, ...placeAt(offset) })
  }
  const value = valueOf(document.contents, [], undefined)
  if (problems.length > 0) throw new SeedFileError(file, problems)
  const spotAt = (path: SeedPath): Spot => {
    for (let length = path.length; length > 0; length--) {
      const spot = spots.get(JSON.stringify(path.slice(0, length)))
      if (spot !== undefined) return spot
    }
    return spots.get('[]') ?? { key: 0, value: 0, written: undefined }
  }
  return {
    value,
    place: (path, isKey = false) => {
      const spot = spotAt(path)
      return placeAt(isKey ? (spot.key ?? spot.value) : spot.value)
    },
    written: (path) => spots.get(JSON.stringify(path))?.written,
  }

  function valueOf(node: Node | null | undefined, path: SeedPath, key: number | undefined): unknown {
    // Where nothing stands, its key is what can be pointed to.
    const isNothing = isScalar(node) && node.source === ''
    const offset = (isNothing ? key : undefined) ?? node?.range?.[0] ?? key ?? 0
    spots.set(JSON.stringify(path), { key, value: offset, written: isScalar(node) ? node.source : undefined })
    if (isAlias(node)) {
      complain(`${pathText(path)} is the alias *${node.source}: write out what it stands for`, path, offset)
      return null
    }
    if (node?.tag !== undefined) complain(`${pathText(path)} has the tag ${node.tag}: leave it out`, path, offset)
    if (isSeq(node)) return node.items.map((item, index) => valueOf(item as Node, [...path, index], undefined))
    if (isMap(node)) {
      const names = new Set<string>()
      return Object.fromEntries(
        node.items.map((pair) => {
          const name = pair.key
          const at = (name as Node | null)?.range?.[0] ?? offset
          if (!isScalar(name) || name.value === null) {
            complain(`${pathText(path)} has a key that is no name`, path, at)
            return ['', null]
          }
          const text = typeof name.value === 'string' ? name.value : (name.source ?? '')
          if (names.has(text)) complain(`${pathText([...path, text])} stands there twice`, [...path, text], at)
          names.add(text)
          return [text, valueOf(pair.value as Node | null, [...path, text], at)]
        }),
      )
    }
    return isScalar(node) ? node.value : null
  }
}
