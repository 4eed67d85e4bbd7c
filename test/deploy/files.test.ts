/** What stands in docker-compose.yml, the Dockerfile and the Kubernetes manifests is what this program has: flags, variables, paths, probes. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { inOrder, readComposeFile } from './compose-file.js'
import { secretsInClear, settingsOf } from './known-settings.js'

const compose = readComposeFile()
const ours = compose.services.filter(({ image }) => image === 'rms-emulator')

t.test('docker-compose.yml: the parts of an installation, each with what it needs', async (t) => {
  t.same(
    inOrder(compose.services)
      .map(({ name }) => name)
      .toSorted(),
    [
      'database',
      'licensing-balancer',
      'licensing-node',
      'management',
      'provision-licensing',
      'provision-root',
      'root-balancer',
      'root-node',
    ],
  )
  t.same(
    compose.services.filter(({ replicas }) => replicas === 2).map(({ name }) => name),
    ['root-node', 'licensing-node'],
  )
  const published = compose.services.flatMap(({ ports }) => ports)
  t.equal(published.length, 3)
  t.same(
    published.filter((port) => !port.startsWith('127.0.0.1:')),
    [],
    'only loopback ports',
  )
  for (const service of compose.services) {
    const { name, secrets, volumes, environment, healthcheck, command } = service
    t.same(
      secrets.filter((secret) => compose.secrets[secret] === undefined),
      [],
      `${name}: secrets`,
    )
    t.same(
      volumes.filter((volume) => !compose.volumes.includes(volume.split(':')[0] ?? '')),
      [],
      `${name}: volumes`,
    )
    t.same(secretsInClear(environment), [], `${name}: no secret in clear`)
    const files = new Set(Object.values(environment).filter((value) => value.startsWith('/run/secrets/')))
    t.same(
      [...files].map((file) => file.replace('/run/secrets/', '')).toSorted(),
      secrets.toSorted(),
      `${name}: reads the secrets it is given`,
    )
    t.equal(healthcheck !== undefined, command[0] !== 'provision', `${name}: is checked while it runs`)
  }
})

t.test('docker-compose.yml: every flag and variable is one of the program', async (t) => {
  t.equal(ours.length, 7)
  for (const { name, command, environment } of ours) t.ok(settingsOf(command, environment), name)
  t.throws(() => settingsOf(['node', '--clutser', 'root'], {}))
  t.throws(() => settingsOf(['node'], { RMS_KEY_PASWORD_FILE: 'x' }), { name: 'SettingsError' })
})

for (const [program, ...args] of [['docker', 'compose'], ['docker-compose']] as const) {
  const isThere = spawnSync(program, [...args, 'version']).status === 0
  t.test(
    `docker-compose.yml is accepted by ${[program, ...args].join(' ')} config`,
    { skip: isThere ? false : 'it is not installed' },
    async (t) => {
      const { status, stderr } = spawnSync(program, [...args, '--file', 'docker-compose.yml', 'config', '--quiet'], {
        encoding: 'utf8',
      })
      t.equal(status, 0, stderr)
    },
  )
}

t.test('the image holds the program, and no secret goes into it', async (t) => {
  const lines = readFileSync('Dockerfile', 'utf8').split('\n')
  const copied = lines
    .flatMap((line) => /^COPY --from=build (.+) \S+$/.exec(line)?.[1]?.split(' ') ?? [])
    .map((path) => path.replace('/source/', ''))
  t.same(copied, ['package.json', 'LICENSE', 'node_modules', 'build/program', 'certs'])
  t.same(
    copied.filter((path) => !existsSync(path)),
    [],
  )
  const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> }
  t.same(JSON.parse(/^ENTRYPOINT (.+)$/m.exec(lines.join('\n'))?.[1] ?? '[]'), ['node', `/app/${bin['rms-emulator']}`])
  t.ok(readFileSync('.dockerignore', 'utf8').split('\n').includes('deploy'))
  t.ok(readFileSync('.gitignore', 'utf8').split('\n').includes('deploy/secrets/'))
  t.same(
    Object.values(compose.secrets).filter(({ file }) => !file.startsWith('./deploy/secrets/')),
    [],
  )
})

const folder = 'deploy/kubernetes'
const manifests = readdirSync(folder).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

interface KubernetesContainer {
  readonly name: string
  readonly image: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> }
  readonly spec: {
    readonly enableServiceLinks?: boolean
    readonly initContainers?: readonly KubernetesContainer[]
    readonly containers: readonly KubernetesContainer[]
    readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[]
  }
}

interface Resource {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly template?: PodTemplate
    readonly selector?: Record<string, string> | { readonly matchLabels: Record<string, string> }
    readonly ports?: readonly { readonly port: number }[]
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
    readonly rules?: readonly {
      readonly host: string
      readonly http: {
        readonly paths: readonly { readonly backend: { readonly service: { readonly name: string } } }[]
      }
    }[]
  }
}

const resources = manifests.flatMap((name) =>
  parseAllDocuments(readFileSync(join(folder, name), 'utf8'), { strict: true }).map((document): Resource => {
    if (!('toJS' in document) || document.errors.length > 0) throw new Error(`${name} is no YAML`)
    return document.toJS() as Resource
  }),
)
const ofKind = (kind: string): readonly Resource[] => resources.filter((resource) => resource.kind === kind)
const pods = resources.flatMap(({ spec }) =>
  spec.template === undefined ? [] : [{ ...spec.template, claims: spec.volumeClaimTemplates ?? [] }],
)
const environmentOf = ({ env }: KubernetesContainer): Record<string, string> =>
  Object.fromEntries(
    env
      .filter(({ name }) => name.startsWith('RMS_'))
      .map(({ name, value }) => [name, (value ?? 'from-the-pod').replaceAll(/\$\(\w+\)/g, '10.0.0.1')]),
  )

t.test('Kubernetes: the manifests are whole, and the kustomization names every one', async (t) => {
  t.same(resources.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted(), [
    'Deployment management',
    'Ingress rms-emulator',
    'Job provision',
    'Service licensing',
    'Service management',
    'Service root',
    'StatefulSet licensing-node',
    'StatefulSet root-node',
  ])
  const kustomization = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8')) as { resources: string[] }
  t.same(kustomization.resources.toSorted(), manifests.toSorted())
  t.same(ofKind('Secret'), [], 'no secret is among them')
})

t.test('Kubernetes: every flag and variable is one of the program, and every secret comes from a file', async (t) => {
  for (const { spec, claims } of pods) {
    t.equal(spec.enableServiceLinks, false, 'Kubernetes sets no RMS_ variables of its own')
    const places = [...spec.volumes, ...claims.map(({ metadata }) => metadata)].map(({ name }) => name)
    t.ok(spec.volumes.every(({ secret }) => secret?.secretName === 'rms-emulator'))
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      const environment = environmentOf(container)
      t.equal(container.image, 'rms-emulator')
      t.ok(settingsOf(container.args, environment), container.name)
      t.same(secretsInClear(environment), [])
      t.same(
        container.volumeMounts.filter(({ name }) => !places.includes(name)),
        [],
      )
      const mounted = container.volumeMounts.map(({ mountPath }) => mountPath)
      for (const file of Object.values(environment).filter((value) => value.startsWith('/')))
        t.ok(
          mounted.some((path) => file.startsWith(`${path}/`)),
          file,
        )
    }
  }
})

t.test(
  'Kubernetes: Services find their pods, probes ask what nodes and management answer, the Ingress has the public URLs',
  async (t) => {
    for (const { metadata, spec } of ofKind('Service')) {
      const pod = pods.find(
        ({ metadata: { labels } }) => labels['app'] === (spec.selector as Record<string, string>)['app'],
      )
      const [container] = pod?.spec.containers ?? []
      const { port } = settingsOf(container?.args ?? [], environmentOf(container as KubernetesContainer)) as {
        port?: number
      }
      t.equal(container?.ports?.[0]?.containerPort, spec.ports?.[0]?.port, metadata.name)
      if (metadata.name !== 'management') t.equal(port, spec.ports?.[0]?.port)
      t.equal(container?.readinessProbe?.httpGet.path, metadata.name === 'management' ? '/healthz' : '/readyz')
      t.equal(container?.livenessProbe?.httpGet.path, '/healthz')
    }
    const rules = ofKind('Ingress').flatMap(({ spec }) => spec.rules ?? [])
    const job = ofKind('Job')[0]
    const provisioned = [
      ...(job?.spec.template?.spec.initContainers ?? []),
      ...(job?.spec.template?.spec.containers ?? []),
    ]
    const urls = provisioned.map((container) =>
      String(settingsOf(container.args, environmentOf(container))['publicUrl']),
    )
    t.same(
      rules.map(({ host }) => `http://${host}`),
      urls,
    )
    const services = ofKind('Service').map(({ metadata }) => metadata.name)
    for (const { http } of rules) t.ok(http.paths.every(({ backend }) => services.includes(backend.service.name)))
  },
)
