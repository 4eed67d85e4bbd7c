/** What is set for this server, and for all of them, in its exchanges: answers are late or wrong, and each that is touched says by what. */
import type { ControlledExchange, FiredEffect, LabControl, LabEffect, LabPoint } from '../exchange.js'
import { delayOf } from '../faults/effect.js'
import { drawn } from '../faults/when.js'
import { noLab, type LabState } from '../state.js'
import type { ServerControl } from './controls.js'
import type { InstallationControl } from './installation-controls.js'

/** Those that change what a server answers without ending it. */
const touching: readonly ServerControl[] = ['skew', 'stale', 'directoryAway']
const touchingAll: readonly InstallationControl[] = ['databaseAway', 'logQueueFull']

export function serverControl(nodeId: string): LabControl {
  let state = noLab
  /** Requests that were slow since it is. */
  let slowed = 0
  const own = () => state.servers[nodeId] ?? {}

  const atRequest = (): readonly FiredEffect[] => {
    const { slow } = own()
    const late: readonly FiredEffect[] =
      slow === undefined ? [] : [fired('server', 'slow', { kind: 'delay', milliseconds: delayOf(slow, drawing()) })]
    return [...marksOf(state, nodeId), ...late]
  }
  /** The same server is slow in the same way each time. */
  const drawing = (): ((purpose: string) => number) => {
    const ordinal = ++slowed
    return (purpose) => drawn(0, nodeId, ordinal, purpose)
  }

  const failing = (): readonly FiredEffect[] => (own().wrongKeyPassword === true ? [withoutKey] : [])
  const exchange: ControlledExchange = {
    effects: (point: LabPoint) => {
      if (point === 'request') return atRequest()
      return point === 'operation' ? failing() : []
    },
  }
  /** Of a service, its WSDL: it comes to no operation. */
  const page: ControlledExchange = {
    effects: (point: LabPoint) => (point === 'request' ? [...atRequest(), ...failing()] : []),
  }
  return {
    follow: (next) => {
      state = next
      if (own().slow === undefined) slowed = 0
      return isTouching(next, nodeId)
    },
    begin: ({ method, endpoint }) => (isPage(method, endpoint) ? page : exchange),
  }
}

function isPage(method: string, endpoint: string): boolean {
  return (method === 'GET' || method === 'HEAD') && endpoint.startsWith('/_wmcs/')
}

function isTouching(state: LabState, nodeId: string): boolean {
  const { slow, wrongKeyPassword } = state.servers[nodeId] ?? {}
  return slow !== undefined || wrongKeyPassword === true || marksOf(state, nodeId).length > 0
}

function marksOf({ servers, installation }: LabState, nodeId: string): readonly FiredEffect[] {
  const own = servers[nodeId] ?? {}
  return [
    ...touching.filter((name) => name in own).map((name) => fired('server', name, { kind: 'mark' })),
    ...touchingAll.filter((name) => name in installation).map((name) => fired('installation', name, { kind: 'mark' })),
  ]
}

function fired(of: 'server' | 'installation', name: string, effect: LabEffect): FiredEffect {
  return { fault: `${of}=${name}`, effect }
}

/** As ASP.NET answers for a service that cannot start: the private key of the cluster does not open (adrms-deployment 6, row 13). */
const withoutKey: FiredEffect = fired('server', 'wrongKeyPassword', {
  kind: 'answer',
  answer: {
    status: 500,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: '500: this server has a wrong cluster key password, the lab says so.\n',
  },
})
