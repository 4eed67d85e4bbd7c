/** What a browser shows at the addresses above the services: what is here, and where its pages are. */
import type { ClusterKind } from '../cluster/store/cluster-store.js'
import { pageStyle } from '../soap/help-page.js'
import { element, text, type Markup } from '../xml/write.js'
import type { Endpoint } from './roles.js'

export interface Indexed {
  readonly cluster: string
  readonly kind: ClusterKind
  /** The server that answers. */
  readonly nodeId: string
  /** Those to list, in order. */
  readonly endpoints: readonly Endpoint[]
  /** What to call them all: nothing for the whole server. */
  readonly folder: string | undefined
  /** What stands before all paths: `/f/NAME` for a scope. */
  readonly prefix: string
}

const kinds: Readonly<Record<ClusterKind, string>> = { root: 'root cluster', licensing: 'licensing-only cluster' }

/** HTML without scripts, to be sent as UTF-8. */
export function writeIndexPage({ cluster, kind, nodeId, endpoints, folder, prefix }: Indexed): string {
  const title = `rms-emulator: ${kinds[kind]} ${cluster}${folder === undefined ? '' : `, ${folder}`}`
  const page = element(
    'html',
    { lang: 'en' },
    element(
      'head',
      {},
      element('meta', { charset: 'utf-8' }),
      element('title', {}, text(title)),
      element('style', {}, text(pageStyle)),
    ),
    element(
      'body',
      {},
      element('h1', {}, text(title)),
      paragraph('A lab. Every key of it is known to everybody: never protect real documents with it.'),
      element('h2', {}, text('Services')),
      element(
        'dl',
        {},
        endpoints.flatMap((endpoint) => listed(endpoint, prefix)),
      ),
      folder === undefined ? others(kind, prefix) : element('p', {}, link(`${prefix}/`, 'All services')),
      paragraph(`Answered by server ${nodeId}.`),
    ),
  )
  return `<!DOCTYPE html>${page}`
}

function listed({ path, operations }: Endpoint, prefix: string): readonly Markup[] {
  const url = `${prefix}/_wmcs${path}`
  const names = operations.map(({ name }, index) => [
    index === 0 ? text('') : text(', '),
    link(`${url}?op=${name}`, name),
  ])
  return [element('dt', {}, link(url, url)), element('dd', {}, names.flat())]
}

function others(kind: ClusterKind, prefix: string): readonly Markup[] {
  const rows = [
    ['/docs', 'All interfaces, REST among them, to try out'],
    ['/openapi.json', 'Their description for programs'],
    ...(kind === 'root' ? [['/adfs/.well-known/openid-configuration', 'The sign-in service for REST']] : []),
    ['/readyz', 'Whether this server can serve'],
    ['/metrics', 'Counters and times'],
  ] as const
  return [
    element('h2', {}, text('Besides')),
    element(
      'dl',
      {},
      rows.flatMap(([path, about]) => {
        const url = `${prefix}${path}`
        return [element('dt', {}, link(url, url)), element('dd', {}, text(about))]
      }),
    ),
  ]
}

function link(url: string, name: string): Markup {
  return element('a', { href: url }, text(name))
}

function paragraph(content: string): Markup {
  return element('p', {}, text(content))
}
