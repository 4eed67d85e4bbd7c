/** The management API over a store, for tests: with @fastify/swagger, as the management process has it. */
import fastifySwagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify'
import { labOffice, type LabOffice } from '../../src/administration/lab/ask-server.js'
import type { StartedWith } from '../../src/config/started-with.js'
import { forestClock } from '../../src/cluster/forest-clock.js'
import { loadServerState } from '../../src/cluster/server-state.js'
import type { Store } from '../../src/cluster/store/open.js'
import { answerWithin, systemClock, systemRandom, systemTimers, type Clock } from '../../src/effects.js'
import { registerManagementApi } from '../../src/manage/api/index.js'

export const keyPassword = 'lab-key-password'

export interface ApiUnderTest {
  readonly app: FastifyInstance
  /** Method and path of every route that is shown, as `GET /forest`. */
  readonly routes: readonly string[]
  /** Status and body of a call; the body parsed where it is JSON. */
  readonly call: (
    method: InjectOptions['method'],
    url: string,
    body?: object,
    headers?: Record<string, string>,
  ) => Promise<Answer>
}

export interface Answer {
  readonly status: number
  // Tests look into it with match and same.
  readonly body: Readonly<Record<string, never>>
  readonly headers: LightMyRequestResponse['headers']
  readonly text: string
}

/** What it says of itself. */
const startedWith: StartedWith = {
  by: 'up',
  settings: [
    { name: 'key-password', value: '(hidden)', from: '--key-password' },
    { name: 'ntlm', value: 'v2', from: 'default' },
    { name: 'profile', value: '2016', from: 'default' },
    { name: 'root', value: '2', from: 'default' },
  ],
}

/** @param office with patience for servers that are told of the lab: on a busy machine they may take a while */
export async function apiOver(
  store: Store,
  clock: Clock = systemClock,
  office: Partial<LabOffice> = { patience: () => answerWithin(60_000) },
): Promise<ApiUnderTest> {
  const app = Fastify()
  const routes: string[] = []
  app.addHook('onRoute', ({ method, url, schema }) => {
    // What is only refused here is in no document.
    if (schema?.hide === true) return
    for (const name of [method].flat()) if (name !== 'HEAD') routes.push(`${name} ${url}`)
  })
  await app.register(fastifySwagger, { openapi: { openapi: '3.0.3', info: { title: 'test', version: '1' } } })
  await registerManagementApi(app, {
    store,
    openCluster: (name) => loadServerState(store, name, keyPassword, 'openssl'),
    clock,
    forestClock: () => forestClock(store.lab, clock),
    lab: {
      ...labOffice({ store, keyPassword, ca: undefined, clock, timers: systemTimers, random: systemRandom }),
      ...office,
    },
    timers: systemTimers,
    random: systemRandom,
    ca: undefined,
    config: startedWith,
  })
  await app.ready()
  return {
    app,
    routes,
    call: async (method = 'GET', url, body, headers) => {
      const response = await app.inject({
        method,
        url,
        ...(body === undefined ? {} : { payload: body }),
        ...(headers === undefined ? {} : { headers }),
      })
      const isJson = String(response.headers['content-type']).startsWith('application/json')
      return {
        status: response.statusCode,
        body: isJson ? response.json() : {},
        headers: response.headers,
        text: response.body,
      }
    },
  }
}
