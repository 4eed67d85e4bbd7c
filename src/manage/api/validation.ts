/** Validation of requests: unknown properties are refused, texts in the URL become numbers where the schema says so. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type {
  FastifyRouteSchemaDef,
  FastifySchema,
  FastifySchemaValidationError,
  FastifyValidationResult,
} from 'fastify/types/schema.js'
import { nearest } from '../../config/nearest.js'

const strict = new Ajv({ useDefaults: true, strict: false, verbose: true })
/** What stands in a URL or header is text. */
const coercing = new Ajv({ useDefaults: true, coerceTypes: true, strict: false, verbose: true })

/** A schema is compiled when its route is first asked: all of them at the start take as long as the rest of it. */
export function compileValidator({ schema, httpPart }: FastifyRouteSchemaDef<FastifySchema>): FastifyValidationResult {
  const ajv = httpPart === 'body' ? strict : coercing
  let validate: ValidateFunction | undefined
  return (data: unknown) => {
    validate ??= ajv.compile(schema as object)
    writeAsListed(data, schema as Described)
    return validate(data) || { error: (validate.errors ?? []) as FastifySchemaValidationError[] }
  }
}

/** Of a schema: what it says of words that are listed. */
interface Described {
  readonly properties?: Readonly<Record<string, Described>>
  readonly enum?: readonly unknown[]
}

/** Of a word that is one of a list, capitals and small letters are alike: it becomes as the list has it. */
function writeAsListed(data: unknown, { properties = {} }: Described): void {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return
  const members = data as Record<string, unknown>
  for (const [name, described] of Object.entries(properties)) {
    if (!Object.hasOwn(members, name)) continue
    const value = members[name]
    if (typeof value !== 'string') writeAsListed(value, described)
    else members[name] = wordsOf(described).find((word) => word.toLowerCase() === value.toLowerCase()) ?? value
  }
}

function wordsOf({ enum: values = [] }: Described): readonly string[] {
  return values.filter((value) => typeof value === 'string')
}

/** One sentence for people on the first thing that is wrong. */
export function explainValidation(errors: readonly FastifySchemaValidationError[], part: string): Error {
  const [first] = errors as readonly ErrorObject[]
  return new Error(first === undefined ? `The ${part} is wrong` : sentence(first, part))
}

function sentence({ keyword, instancePath, params, message, data }: ErrorObject, part: string): string {
  const where = instancePath === '' ? part : `${part}${instancePath}`
  const named = (name: string): string =>
    JSON.stringify((params as Readonly<Record<string, string | undefined>>)[name]?.slice(0, 100) ?? '')
  switch (keyword) {
    case 'additionalProperties':
      return `${where} has the field ${named('additionalProperty')}, which is unknown or cannot be set here`
    case 'required':
      return `${where} lacks the field ${named('missingProperty')}`
    case 'enum':
      return `${where} must be one of ${allowed(params).join(', ')}${hintFor(data, allowed(params))}`
    default:
      return `${where} ${message ?? 'is wrong'}`
  }
}

function allowed(params: object): readonly unknown[] {
  return (params as { readonly allowedValues?: readonly unknown[] }).allowedValues ?? []
}

function hintFor(given: unknown, values: readonly unknown[]): string {
  const words = values.filter((value) => typeof value === 'string')
  const meant = typeof given === 'string' ? nearest(given, words) : undefined
  return meant === undefined ? '' : `: did you mean "${meant}"?`
}
