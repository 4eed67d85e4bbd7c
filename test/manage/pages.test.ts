/** The pages of the management API: what they begin with works, from the first operation to the last. */
import t from 'tap'
import { connect } from '../../src/client/index.js'
import { seedPassword as password } from '../../src/directory/seed.js'
import { startInstallation } from '../../src/manage/start.js'
import { startUp } from '../cli/command.js'

t.setTimeout(900_000)

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly example?: string | boolean
}

interface Media {
  readonly schema?: { readonly format?: string }
  readonly example?: unknown
}

interface Operation {
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> }
}

interface Specification {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

t.test(
  'every operation of the pages does what it says with the values it begins with, one after the other',
  async (t) => {
    // As a newcomer starts it.
    const up = await startUp(['--port', '0'])
    t.teardown(() => up.stop())
    const { manage, token, clusters } = up.ready
    const early = (await (await fetch(`${manage}/docs/json`)).json()) as Specification
    for (const [path, method, said] of [
      ['/lab/journal/{id}', 'get', /^The journal was empty/],
      ['/lab/journal/{id}', 'delete', /^The journal was empty/],
      ['/lab/journal/wait', 'post', /^The journal was empty/],
      ['/lab/journal/verify', 'post', /^The journal was empty/],
      ['/lab/documents/{hash}', 'get', /^No document has travelled/],
    ] as const)
      t.match(early.paths[path]?.[method]?.description, said, `${method} ${path}`)
    t.match(early.info.description, /RMS_MANAGE is the address of this page/)
    // The journal begins with this.
    t.ok(await connect({ url: `${clusters[0]?.nodes[0]?.url}/_wmcs`, user: 'alice', password }).serverCertificate())
    // Whoever has nothing but the address comes to them, too.
    const page = await (await fetch(manage)).text()
    t.match(page, /<title>rms-emulator: management<\/title>/)
    const specification = (await (await fetch(`${manage}/docs/json`)).json()) as Specification
    t.match(specification.info, { version: /^\d+\.\d+\.\d+/, description: /Authorize/ })
    const operations = Object.entries(specification.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )
    t.ok(operations.length > 60, `${operations.length} operations`)
    const known = new Set(specification.tags.map(({ name }) => name))
    const rank = [...known]
    // As the page shows them: by section, in the order of the document within each.
    const shown = operations.toSorted(
      (one, other) => rank.indexOf(one.operation.tags?.[0] ?? '') - rank.indexOf(other.operation.tags?.[0] ?? ''),
    )
    for (const { method, path, operation } of shown) {
      t.ok(known.has(operation.tags?.[0] ?? ''), `${method} ${path} stands in a section`)
      const answer = await execute(manage, token ?? '', method, path, operation)
      t.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.status < 300 ? '' : answer.text}`)
      t.notMatch(operation.description ?? '', /was empty|has travelled/)
      if (path === '/lab/explain') t.match(answer.text, /^\{"documents":\[\{/, 'something was sent')
    }
  },
)

t.test(
  'what an installation was not started with is not on its pages; what it was started with works there',
  async (t) => {
    const token = 'pages-test-token'
    const scopesOf = async (scopes?: number) => {
      const installation = await startInstallation({ mode: 1, token, ...(scopes === undefined ? {} : { scopes }) })
      t.teardown(() => installation.close())
      const { manage } = installation
      const { paths } = (await (await fetch(`${manage}/docs/json`)).json()) as Specification
      return { manage, paths: Object.entries(paths).filter(([path]) => path.startsWith('/lab/scopes')) }
    }
    const silent = await startInstallation({ mode: 1, token, journal: false })
    t.teardown(() => silent.close())
    const { paths: unkept } = (await (await fetch(`${silent.manage}/docs/json`)).json()) as Specification
    t.same(
      Object.keys(unkept).filter((path) => /^\/lab\/(?:journal|documents)/.test(path)),
      ['/lab/documents', '/lab/journal'],
      'without a journal, no exchange and no document',
    )
    const plain = await scopesOf()
    t.same(plain.paths, [])
    for (const path of ['/lab/scopes', '/lab/scopes/suite-a']) {
      const answer = await fetch(plain.manage + path, { headers: { authorization: `Bearer ${token}` } })
      t.match(await answer.text(), /scopes/, `${path} says how to have them`)
      t.equal(answer.status, 404)
    }
    for (const [method, path, type, status, error, message] of [
      ['GET', '/statsu', undefined, 404, 'NotFound', /^There is nothing at "\/statsu": did you mean \/status\?/],
      ['GET', '/%', undefined, 400, 'BadRequest', /%/],
      ['POST', '/nothing/there', 'application/json', 404, 'NotFound', /^There is nothing at "\/nothing\/there"/],
      ['POST', '/status', 'application/json', 405, 'MethodNotAllowed', /it takes GET/],
      [
        'PATCH',
        '/clusters/root/configuration',
        'application/xml',
        415,
        'UnsupportedMediaType',
        /"application\/xml" is not taken/,
      ],
    ] as const) {
      const answer = await fetch(plain.manage + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(type === undefined ? {} : { 'content-type': type }) },
        ...(type === 'application/xml' ? { body: '<a/>' } : {}),
      })
      t.equal(answer.status, status, path)
      t.match(await answer.json(), { error, message }, path)
    }
    const scoped = await scopesOf(2)
    const operations = scoped.paths.flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    )
    t.equal(operations.length, 5)
    for (const { method, path, operation } of operations) {
      const answer = await execute(scoped.manage, token, method, path, operation)
      t.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    }
  },
)

/** As the page does: what is prefilled, and nothing else. */
async function execute(
  manage: string,
  token: string,
  method: string,
  path: string,
  { parameters = [], requestBody }: Operation,
): Promise<{ readonly status: number; readonly text: string }> {
  const url = new URL(manage)
  url.pathname = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const example = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.example
    if (example === undefined) throw new Error(`${method} ${path} begins without ${name}`)
    return encodeURIComponent(String(example))
  })
  for (const { name, in: place, example } of parameters)
    if (place === 'query' && example !== undefined) url.searchParams.set(name, String(example))
  // The page shows the first media type; of octets it asks for a file.
  const [type = '', media] = Object.entries(requestBody?.content ?? {})[0] ?? []
  const body = media?.schema?.format === 'binary' ? undefined : media?.example
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, text: (await answer.text()).slice(0, 300) }
}
