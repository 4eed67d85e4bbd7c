/** Requests at a fixed rate, whatever becomes of those before (open loop), and what came of each. */
import { setTimeout as pause } from 'node:timers/promises'
import { seedPassword } from '../../src/directory/seed.js'
import { connect, readyMachine } from '../../src/client/index.js'
import { trustingFetch, type Fetch } from '../../src/client/trusting-fetch.js'
import { licenseRequest } from '../../bench/requests.js'
import type { LoadRequest } from '../../bench/load.js'
import { hangs } from '../fixtures/until.js'
import { answerWithin } from '../../src/effects.js'

export interface Answer {
  /** Milliseconds since the loop began, and until the whole answer was there. */
  readonly sent: number
  readonly took: number
  /** X-Served-By. */
  readonly node: string
  /** GUID of the license that it brought. */
  readonly license?: string
  /** What was wrong with it. */
  readonly failure?: string
}

export interface OpenLoop {
  /** One for each request, in the order of sending; undefined until it is over. */
  readonly answers: readonly (Answer | undefined)[]
  /** Further requests, for a page, as fast as some connections carry them: they take their turns at the nodes like all others. */
  addPages(count: number): Promise<void>
  /** Sends no more, and waits for those that are under way. */
  stop(): Promise<void>
}

const pageConnections = 8
const licensePattern = /type="Content-License"><ID type="MS-GUID">([^<]+)<\/ID>/g

/** A license for each of several accounts, who have their certificates already: by real sessions at this address. */
export async function licenseRequests(url: string, ca?: string): Promise<readonly LoadRequest[]> {
  const machine = readyMachine('bob-pc-mode2')
  const clientOf = (name: string) =>
    connect({ url, user: `${name}@contoso.test`, password: seedPassword, machine, ...(ca === undefined ? {} : { ca }) })
  const author = clientOf('alice')
  const content = [await author.publish(forStaff), await author.publish(forStaff)]
  const accounts = await Promise.all(['alice', 'bob', 'carol'].map((name) => clientOf(name).certify()))
  return content.flatMap((one) => accounts.map((account) => licenseRequest(account, one)))
}

const forStaff = { rights: [{ to: 'staff@contoso.test', rights: ['VIEW', 'PRINT'] }] }

/** @param url of a cluster, with /_wmcs @param ca certificate in PEM that those of an https cluster lead to */
export function startOpenLoop(url: string, requests: readonly LoadRequest[], rate: number, ca?: string): OpenLoop {
  const { origin } = new URL(url)
  const fetch = trustingFetch(ca)
  const began = performance.now()
  const answers: (Answer | undefined)[] = []
  const running = new Set<Promise<void>>()
  const stopping = new AbortController()

  const exchange = async (request: LoadRequest | undefined): Promise<void> => {
    const index = answers.push(undefined) - 1
    const sent = performance.now()
    const came = await ask(fetch, origin, request)
    answers[index] = { sent: sent - began, took: performance.now() - sent, ...came }
  }

  const send = async (request: LoadRequest | undefined): Promise<void> => {
    const whole = exchange(request)
    running.add(whole)
    await whole
    running.delete(whole)
  }

  const loop = async (): Promise<void> => {
    for (let count = 0; !stopping.signal.aborted; count++) {
      void send(requests[count % requests.length])
      await pause(Math.max(0, began + ((count + 1) * 1000) / rate - performance.now()))
    }
  }

  const looping = loop()
  return {
    answers,
    addPages: async (count) => {
      let left = count
      const connection = async (): Promise<void> => {
        while (left-- > 0) await send(undefined)
      }
      await Promise.all(Array.from({ length: pageConnections }, connection))
    },
    stop: async () => {
      stopping.abort()
      await looping
      await Promise.all(running)
    },
  }
}

/** Without a request: for the page of the service. */
async function ask(
  fetch: Fetch,
  origin: string,
  request: LoadRequest | undefined,
): Promise<Omit<Answer, 'sent' | 'took'>> {
  try {
    const signal = answerWithin(hangs)
    const response = await fetch(`${origin}${request?.path ?? '/_wmcs/licensing/license.asmx'}`, { ...request, signal })
    const text = await response.text()
    const node = response.headers.get('x-served-by') ?? ''
    if (response.status !== 200) return { node, failure: `${response.status} ${text.slice(0, 600)}` }
    if (request === undefined) return { node }
    const licenses = [...text.matchAll(licensePattern)].map(([, guid]) => guid ?? '')
    const [license] = licenses
    return license === undefined || licenses.length > 1
      ? { node, failure: `${licenses.length} licenses: ${text.slice(0, 300)}` }
      : { node, license }
  } catch (error) {
    const { message, cause } = error as Error
    return { node: '', failure: cause instanceof Error ? `${message}: ${cause.message}` : message }
  }
}
