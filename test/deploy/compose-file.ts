/** docker-compose.yml as the tests need it: what each service runs, with what, and after whom. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export type Condition = 'service_started' | 'service_healthy' | 'service_completed_successfully'

export interface ComposeService {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Program and arguments; undefined when the service has none. */
  readonly healthcheck: readonly string[] | undefined
  readonly dependsOn: Readonly<Record<string, Condition>>
  readonly replicas: number
  readonly secrets: readonly string[]
  /** `name:/path`. */
  readonly volumes: readonly string[]
  /** `address:published:target`. */
  readonly ports: readonly string[]
}

export interface ComposeFile {
  readonly services: readonly ComposeService[]
  /** Names with the file of each. */
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: readonly string[]
}

interface RawService {
  readonly image?: string
  readonly command?: string[]
  readonly environment?: Record<string, string>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Record<string, { readonly condition: Condition }>
  readonly deploy?: { readonly replicas?: number }
  readonly secrets?: string[]
  readonly volumes?: string[]
  readonly ports?: string[]
}

export function readComposeFile(path = 'docker-compose.yml'): ComposeFile {
  const raw = parse(readFileSync(path, 'utf8'), { merge: true }) as {
    services: Record<string, RawService>
    secrets: ComposeFile['secrets']
    volumes: Record<string, unknown>
  }
  const services = Object.entries(raw.services).map(([name, service]): ComposeService => ({
    name,
    image: service.image ?? '',
    command: service.command ?? [],
    environment: service.environment ?? {},
    healthcheck: service.healthcheck?.test.slice(1),
    dependsOn: Object.fromEntries(
      Object.entries(service.depends_on ?? {}).map(([other, { condition }]) => [other, condition]),
    ),
    replicas: service.deploy?.replicas ?? 1,
    secrets: service.secrets ?? [],
    volumes: service.volumes ?? [],
    ports: service.ports ?? [],
  }))
  return { services, secrets: raw.secrets, volumes: Object.keys(raw.volumes) }
}

/** Services in an order in which everything that one depends on comes before it. */
export function inOrder(services: readonly ComposeService[]): readonly ComposeService[] {
  const ordered: ComposeService[] = []
  const place = (service: ComposeService, under: readonly string[]): void => {
    if (ordered.includes(service)) return
    if (under.includes(service.name)) throw new Error(`${service.name} depends on itself`)
    for (const other of Object.keys(service.dependsOn)) {
      const found = services.find(({ name }) => name === other)
      if (found === undefined) throw new Error(`${service.name} depends on ${other}, which is no service`)
      place(found, [...under, service.name])
    }
    ordered.push(service)
  }
  for (const service of services) place(service, [])
  return ordered
}
