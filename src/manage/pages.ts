/** The pages of the management API, for people who look and press buttons: an introduction, an order, and values that work as they stand. */
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import type { LabOffice } from '../administration/lab/ask-server.js'
import type { Store } from '../cluster/store/open.js'
import type { Forest } from '../directory/directory.js'
import { inForest } from '../directory/forest.js'
import { prefixOf } from '../node/asked.js'
import { answerLater, describing } from '../node/documentation.js'
import { pagesLook } from '../node/pages-look.js'
import { version } from '../version.js'
import { prefilledOf, readPresent, type Prefilled, type Present } from './prefilled.js'
import { commandLine } from '../command-line.js'

const tags = [
  { name: 'installation', description: 'Clusters and servers, that come and go while the installation runs' },
  {
    name: 'forest',
    description: 'The forest, and the service connection point by which clients find its root cluster',
  },
  { name: 'directory', description: 'Accounts, groups, and tokens for tests' },
  { name: 'configuration', description: 'How a cluster behaves: settings, super users, exclusion, URLs, access' },
  { name: 'trust', description: 'Other organizations: user domains, publishing domains, forests' },
  { name: 'templates', description: 'Rights policy templates of a cluster' },
  {
    name: 'lab',
    description: 'What a lab has and a product has not: a clock that is set, faults, a journal, a state to return to',
  },
  { name: 'request log', description: 'Who asked for what, and why it was refused' },
]

const introduction = `What runs here is a lab: an emulation of Microsoft Rights Management Services.

1. Press **Authorize** and paste the token. \`${commandLine('up')}\` prints it when it is ready.
2. Open an operation and press **Execute**: the values that stand there work, from the first operation to the last.
   Those of one exchange or document need one in the journal: let a client ask a server first.

Changes count at every server within a second. The same calls work from the command line, for example
\`curl -H "Authorization: Bearer $RMS_TOKEN" $RMS_MANAGE/status\`,
where RMS_MANAGE is the address of this page, such as \`http://127.0.0.1:7080\`, and RMS_TOKEN the token. The commands of \`${commandLine('…')}\` read both.
All of it in one file: [openapi.json](/openapi.json).`

const title = 'rms-emulator: management'

export interface Described {
  readonly store: Store
  /** Undefined: there is no lab. */
  readonly lab: LabOffice | undefined
  readonly needsToken: boolean
  /** What is described: the same routes, in an instance that does not listen. */
  readonly addRoutes: (described: FastifyInstance) => Promise<void>
}

/** The pages are made when somebody first asks: few do, and test runners that cannot load them need none. */
export function registerPages(app: FastifyInstance, described: Described): void {
  app.get('/', { schema: { hide: true } }, async (request, reply) => reply.redirect(`${prefixOf(request)}/docs`))
  answerLater(app, async (prefix) => {
    const pages = Fastify({ schemaController: { compilersFactory: describing } }) as unknown as FastifyInstance
    await addPages(pages, described, prefix)
    await pages.register(async (scope) => described.addRoutes(scope))
    await pages.ready()
    return pages
  })
}

async function addPages(app: FastifyInstance, { store, lab, needsToken }: Described, prefix: string): Promise<void> {
  const [{ default: fastifySwagger }, { default: fastifySwaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.0.3',
      info: { title, version, description: introduction.replace('](/', `](${prefix}/`) },
      ...(prefix === '' ? {} : { servers: [{ url: prefix }] }),
      tags,
      ...(needsToken ? tokenSecurity : {}),
    },
  })
  const present = new WeakMap<FastifyRequest, Present>()
  app.addHook('preHandler', async (request) => {
    if (request.url !== '/docs/json') return
    // Without the database the page shows what there is to say, with nothing to begin from.
    const read = await readPresent(store, lab).catch(() => undefined)
    if (read !== undefined) present.set(request, read)
  })
  await app.register(fastifySwaggerUi, {
    ...pagesLook(title),
    transformSpecificationClone: false,
    transformSpecification: (specification, request) => {
      const read = present.get(request)
      if (read === undefined) return specification
      return prefill(spelledIn(specification as Specification, read.forest), prefilledOf(read))
    },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () =>
    spelledIn(app.swagger(), await store.forest.find().catch(() => undefined)),
  )
}

/** Its examples are of the forest. */
function spelledIn<Given extends object>(specification: Given, forest: Forest | undefined): Given {
  return forest === undefined ? specification : (JSON.parse(inForest(JSON.stringify(specification), forest)) as Given)
}

const tokenSecurity = {
  components: {
    securitySchemes: {
      token: {
        type: 'http' as const,
        scheme: 'bearer',
        description: `The management token. ${commandLine('up')} prints it when it is ready; RMS_TOKEN or --token set another.`,
      },
    },
  },
  security: [{ token: [] }],
}

interface Parameter {
  readonly name: string
  readonly example?: unknown
}

interface Operation {
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, object>> }
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>
}

type Methods = Readonly<Record<string, Operation>>

export interface Specification {
  readonly paths: Readonly<Record<string, Methods>>
}

/** The specification with these values in it, its operations in their order; those that are not named come last. Those that never end, or need a file, are left out. */
export function prefill<Given extends Specification>(
  specification: Given,
  values: Readonly<Record<string, Prefilled>>,
): Given {
  const paths: Record<string, Record<string, Operation>> = {}
  const keys = Object.keys(values)
  const place = (key: string): number => (keys.includes(key) ? keys.indexOf(key) : keys.length)
  const all = Object.entries(specification.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .map(([method, operation]) => ({ path, method, operation, key: `${method.toUpperCase()} ${path}` }))
      .filter(({ operation, key }) => !neverEnds(operation) && values[key]?.isLeftOut !== true),
  )
  for (const { path, method, operation, key } of all.toSorted((one, other) => place(one.key) - place(other.key)))
    (paths[path] ??= {})[method] = withValues(operation, values[key] ?? {})
  return { ...specification, paths }
}

function neverEnds({ responses = {} }: Operation): boolean {
  return Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content)
}

function withValues(operation: Operation, { parameters = {}, body, note }: Prefilled): Operation {
  const { parameters: described, requestBody, description } = operation
  return {
    ...operation,
    ...(note === undefined ? {} : { description: [note, description].filter(Boolean).join(' ') }),
    ...(described === undefined
      ? {}
      : { parameters: described.map((parameter) => withValue(parameter, parameters[parameter.name])) }),
    ...(requestBody === undefined || body === undefined
      ? {}
      : {
          requestBody: {
            ...requestBody,
            content: Object.fromEntries(
              Object.entries(requestBody.content).map(([type, media]) => [type, { ...media, example: body }]),
            ),
          },
        }),
  }
}

/** What is shown as an example is sent as well: a filter that is not wanted must not have one. */
function withValue({ example: _shown, ...parameter }: Parameter, value: string | boolean | undefined): Parameter {
  return value === undefined ? parameter : { ...parameter, example: value }
}
