/** Whether a seed file has the form of one: keys, kinds of values, bounds. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { nearest } from '../../config/nearest.js'
import { shown } from '../../lab/json-object.js'
import { seedFileSchema } from './schema.js'
import { pathText, type SeedPath, type SeedProblem } from './seed-file-error.js'

let validate: ValidateFunction | undefined

/**
 * @param written a scalar as it stands in the file
 * @returns all that is wrong; nothing when it has the form
 */
export function structureProblems(
  value: unknown,
  written: (path: SeedPath) => string | undefined,
): readonly SeedProblem[] {
  validate ??= new Ajv({ allErrors: true, strict: false, verbose: true }).compile(seedFileSchema)
  if (validate(value)) return []
  const errors = validate.errors ?? []
  return errors
    .filter(({ schemaPath }) => !/\/anyOf\/\d/.test(schemaPath))
    .map((error) => problemOf(error, value, written))
}

function problemOf(error: ErrorObject, root: unknown, written: (path: SeedPath) => string | undefined): SeedProblem {
  const path = pathOf(error.instancePath, root)
  const where = pathText(path)
  const params = error.params as Readonly<Record<string, unknown>>
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty'])
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {})
      return { path: [...path, key], isKey: true, message: `${where} has no key ${shown(key)}: ${hint(key, known)}` }
    }
    case 'required':
      return { path, message: `${where} lacks the key ${shown(params['missingProperty'])}` }
    case 'enum':
    case 'const': {
      const allowed = [params['allowedValues'] ?? params['allowedValue']].flat()
      const given = typeof error.data === 'string' ? error.data : ''
      return {
        path,
        message: `${where} is ${shown(error.data)}: ${hint(given, allowed.map(String), 'it must be one of')}`,
      }
    }
    case 'type':
      return { path, message: `${where} ${kindText(error, path, written(path))}` }
    default:
      return { path, message: `${where} is ${shownShort(error.data)}: it ${expected(error)}` }
  }
}

function hint(given: string, known: readonly string[], otherwise = 'there are'): string {
  const meant = given === '' ? undefined : nearest(given, known)
  return meant === undefined ? `${otherwise} ${known.join(', ')}` : `did you mean "${meant}"?`
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
}

/** Versions and names of digits are texts, and YAML takes them for numbers. */
function kindText({ data, params }: ErrorObject, path: SeedPath, text: string | undefined): string {
  const wanted = (params as { readonly type: string }).type
  if (data === null && path.length === 0)
    return 'says nothing: name accounts, groups, clusters, a clock or faults in it'
  if (data === null) return `is empty: give ${kinds[wanted] ?? wanted}, or leave the key out`
  const must = `it must be ${kinds[wanted] ?? wanted}`
  const isPlain = typeof data === 'number' || typeof data === 'boolean'
  if (wanted === 'string' && isPlain)
    return `is ${typeof data === 'number' ? 'the number' : 'the value'} ${text ?? String(data)}: ${must}, between quotes: "${text ?? String(data)}"`
  return `is ${shownShort(data)}: ${must}`
}

function expected({ keyword, message, parentSchema }: ErrorObject): string {
  const { description, examples } = parentSchema as {
    readonly description?: string
    readonly examples?: readonly unknown[]
  }
  const example =
    examples?.[0] === undefined ? '' : `, such as ${typeof examples[0] === 'string' ? examples[0] : shown(examples[0])}`
  const says = description !== undefined && /^(?:an?|the) /.test(description)
  if (['pattern', 'anyOf'].includes(keyword) && says) return `must be ${description.split('. ')[0]}${example}`
  if (keyword === 'pattern')
    return `does not have the right form${example}${description === undefined ? '' : ` (${description})`}`
  return boundText(keyword, parentSchema as Readonly<Record<string, unknown>>) ?? message ?? 'cannot be that'
}

function boundText(keyword: string, schema: Readonly<Record<string, unknown>>): string | undefined {
  const bound = String(schema[keyword])
  switch (keyword) {
    case 'minItems':
      return `must have at least ${bound}`
    case 'maxItems':
    case 'maxProperties':
      return `must have at most ${bound}`
    case 'minProperties':
      return `must have at least ${bound} of its keys`
    case 'minLength':
      return bound === '1' ? 'must not be empty' : `must have at least ${bound} characters`
    case 'maxLength':
      return `must have at most ${bound} characters`
    case 'minimum':
      return `must be at least ${bound}`
    case 'maximum':
      return `must be at most ${bound}`
    default:
      return undefined
  }
}

function shownShort(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'a map' : shown(value)
}

/** The JSON pointer, with numbers where there are lists. */
function pathOf(pointer: string, root: unknown): SeedPath {
  let at = root
  const names = pointer.split('/').slice(1)
  return names.map((name) => {
    const plain = name.replaceAll('~1', '/').replaceAll('~0', '~')
    const part = Array.isArray(at) ? Number(plain) : plain
    at = (at as Readonly<Record<string | number, unknown>>)[part]
    return part
  })
}
