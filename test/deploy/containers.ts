/**
 * Runs the services of docker-compose.yml as processes of this machine, with the same commands, environment and health checks. A container is a
 * process with a loopback address of its own; names of services, paths of secrets and volumes are put in their place.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { main } from '../cli/command.js'
import type { ComposeService } from './compose-file.js'
import { until } from '../fixtures/until.js'

export interface Container {
  readonly service: string
  readonly address: string
  readonly child: ChildProcess
  /** What it wrote, for a message. */
  readonly said: () => string
}

export interface Machine {
  /** Folder that stands for volumes. */
  readonly folder: string
  /** File of each secret. */
  readonly secrets: Readonly<Record<string, string>>
  readonly services: readonly ComposeService[]
  /** `host:port` of the database service, which another program runs. */
  readonly database: string
}

export interface Containers {
  /** Address that stands for the name of a service. */
  addressOf(service: string): string
  start(service: ComposeService): Container
  /** Resolves when its health check passes. @throws Error when it does not in time, or the process ends */
  untilHealthy(container: Container): Promise<void>
  /** Resolves when a service that does its work once has done it. @throws Error with what it said otherwise */
  untilCompleted(container: Container): Promise<void>
  stop(container: Container): Promise<number | null>
  stopAll(): Promise<void>
}

const databaseService = 'database'

export function containersOf({ folder, secrets, services, database }: Machine): Containers {
  // Beside others that run on this machine, on the ports that the file names.
  const network = `127.${randomInt(64, 255)}.${randomInt(0, 256)}`
  const running = new Set<Container>()
  const addresses = new Map(services.map(({ name }, index) => [name, `${network}.${index + 1}`]))
  let further = services.length

  const addressOf = (service: string): string => addresses.get(service) ?? ''

  /** The service whose port the host publishes: clients outside reach it there. */
  const published = (port: string): string => {
    const found = services.find(({ ports }) => ports.some((mapping) => mapping.startsWith(`127.0.0.1:${port}:`)))
    if (found === undefined) throw new Error(`No service publishes the port ${port}`)
    return addressOf(found.name)
  }

  /** A text of the file as it is in the container at this address. */
  const inside = (text: string, { secrets: own, volumes }: ComposeService, address: string): string => {
    let put = text.replace(/\b(?:0\.0\.0\.0|127\.0\.0\.1)\b/g, address)
    for (const { name } of services)
      put = put.replaceAll(
        new RegExp(`(://|@)${name}(?=[:/])`, 'g'),
        `$1${name === databaseService ? database : addressOf(name)}`,
      )
    if (put === '/app/build/program/main.js') put = main
    for (const name of own) put = put.replace(`/run/secrets/${name}`, secrets[name] ?? '')
    for (const [volume, path] of volumes.map((mapping) => mapping.split(':')))
      if (put === path) put = join(folder, volume ?? '')
    return put
  }

  const commandOf = (service: ComposeService, address: string): readonly string[] =>
    service.command.map((text, index) =>
      service.command[index - 1] === '--public-url'
        ? text.replace(/127\.0\.0\.1:(\d+)/, (_, port: string) => `${published(port)}:${port}`)
        : inside(text, service, address),
    )

  const environmentOf = (service: ComposeService, address: string): NodeJS.ProcessEnv => {
    const own = Object.entries(service.environment).map(
      ([name, value]) => [name, inside(value, service, address)] as const,
    )
    return { PATH: process.env['PATH'], TMPDIR: folder, ...Object.fromEntries(own) }
  }

  const hasEnded = ({ child }: Container): boolean => child.exitCode !== null || child.signalCode !== null

  const stop = async (container: Container): Promise<number | null> => {
    running.delete(container)
    if (!hasEnded(container)) {
      const closed = once(container.child, 'close')
      container.child.kill('SIGTERM')
      await closed
    }
    return container.child.exitCode
  }

  return {
    addressOf,
    start: (service) => {
      const taken = [...running].some(({ address }) => address === addressOf(service.name))
      const address = taken ? `${network}.${++further}` : addressOf(service.name)
      for (const volume of service.volumes) mkdirSync(join(folder, volume.split(':')[0] ?? ''), { recursive: true })
      const child = spawn(process.execPath, [main, ...commandOf(service, address)], {
        env: environmentOf(service, address),
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-5000)))
      const container = { service: service.name, address, child, said: () => said }
      running.add(container)
      return container
    },
    untilHealthy: async (container) => {
      const service = services.find(({ name }) => name === container.service)
      const [program = '', ...args] = service?.healthcheck ?? []
      if (service === undefined || program !== 'node')
        throw new Error(`${container.service} has no health check that can be run here`)
      const check = args.map((text) => inside(text, service, container.address))
      const isHealthy = (): boolean => {
        if (hasEnded(container)) throw new Error(`${container.service} ended: ${container.said()}`)
        // It prints where it serves: before that a check cannot pass.
        return container.said().includes('http://') && spawnSync(process.execPath, check).status === 0
      }
      await until(isHealthy, `${container.service} is healthy`)
    },
    untilCompleted: async (container) => {
      if (!hasEnded(container)) await once(container.child, 'close')
      running.delete(container)
      if (container.child.exitCode !== 0) throw new Error(`${container.service} failed: ${container.said()}`)
    },
    stop,
    stopAll: async () => void (await Promise.all([...running].map((container) => stop(container)))),
  }
}
