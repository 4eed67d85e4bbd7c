/** What `up` says when everything serves: addresses, accounts, the management token, and the commands that come next. */
import { number } from '../charts/frame.js'
import type { Paint } from '../explain/paint.js'
import type { Installation } from '../manage/start.js'
import type { EmulatedServer } from '../sizing/emulated-server.js'
import { seedInWords } from './seed-words.js'
import { tableText } from './table.js'
import { wrapped } from './text-width.js'
import { commandLine } from '../command-line.js'

export interface UpScreen {
  readonly installation: Pick<Installation, 'ready' | 'url' | 'mode' | 'manage' | 'data' | 'ca'>
  /** Mail addresses; they all have the password, where there is one. */
  readonly accounts: readonly string[]
  readonly password: string | undefined
  readonly emulated: EmulatedServer | null
  /** Whether the demo's people are there: alice, bob and mallory. */
  readonly hasDemo: boolean
  /** What clients see has a certificate that was brought, not one of the lab CA. */
  readonly bringsCertificate: boolean
  /** Where commands look when they are told no address. */
  readonly usualManage: string
}

/** @param width characters of a line; Infinity where there is no terminal */
export function upScreen(screen: UpScreen, width: number, paint: Paint): string {
  const { installation } = screen
  const lines = [
    ...wrapped(
      'rms-emulator: a lab. Every key is known to everybody; never protect real documents with it.',
      width,
    ).map((line) => paint.strong(line)),
    '',
    tableText(clusterRows(installation), { width }),
    '',
    tableText(settingRows(screen), { width }),
    '',
    ...commandLines(screen, paint),
    paint.dim('Ctrl-C stops everything.'),
  ]
  return ['', ...lines].join('\n')
}

function clusterRows({ ready }: UpScreen['installation']): readonly (readonly string[])[] {
  return ready.clusters.flatMap(({ name, kind, url, extranetUrl, balancer, nodes }) => [
    [name, kind === 'root' ? 'certification, licensing' : 'licensing', url],
    ...(extranetUrl === undefined ? [] : [['', 'extranet', extranetUrl]]),
    ['', 'its pages', `${new URL(url).origin}/docs`],
    ...(balancer === undefined ? [] : [['', 'its balancer', balancer.url]]),
    ['', nodes.length === 1 ? '1 server' : `${nodes.length} servers`, nodes.map(({ id }) => id).join(', ')],
  ])
}

function settingRows(screen: UpScreen): readonly (readonly string[])[] {
  const { accounts, password, emulated, bringsCertificate } = screen
  const trusting = bringsCertificate ? 'who asks a server itself must trust it' : 'clients must trust it'
  const { ready, mode, manage, data, ca } = screen.installation
  return [
    ['forest', ready.forest],
    ...(ready.partners === undefined ? [] : [['partners', ready.partners.join(', ')]]),
    ['management', `${manage}/docs`],
    ['management token', ready.token ?? 'none is asked for'],
    ...(ca === undefined ? [] : [['lab CA', `${manage}/ca.pem (${trusting})`]]),
    ['accounts', accounts.join(', ')],
    ...(password === undefined ? [] : [['password', `${password} (all of them)`]]),
    ['mode', `Mode ${mode}`],
    ...(emulated === null
      ? []
      : [
          [
            'capacity',
            `each server ${number(emulated.operationsPerSecond)} operations a second, ${emulated.serviceDistribution} times, ${emulated.queueLimit} may wait`,
          ],
        ]),
    ...(ready.lab === undefined ? [] : [['lab', ready.lab.join('; ')]]),
    ...(ready.seed === undefined ? [] : [['seed', seedInWords(ready.seed)]]),
    ...(ready.scopes === undefined
      ? []
      : [['scopes', `${ready.scopes.url}NAME, made by the first request (up to ${ready.scopes.most})`]]),
    ['state', data ?? 'temporary, removed at the end (--data DIR keeps it)'],
  ]
}

/** Commands stand whole on their lines: they are copied. */
function commandLines(screen: UpScreen, paint: Paint): readonly string[] {
  const { installation, usualManage, hasDemo, bringsCertificate } = screen
  const { url, manage, ca } = installation
  const here = manage === usualManage ? '' : ` --manage ${manage}`
  const trust = ca === undefined || bringsCertificate ? '' : ` --ca ${manage}/ca.pem`
  const status = commandLine(`status${here}`)
  return [
    ...(hasDemo
      ? [`Next:     ${paint.strong(commandLine(`demo --server ${url}${trust}`))}`, `Then:     ${status}`]
      : [`Next:     ${paint.strong(status)}`]),
    `          ${commandLine(`add-server root${here}`)}`,
    `Token:    ${commandLine(`management-token${here}`)}`,
    ...(installation.ready.lab === undefined ? [] : [`End lab:  ${commandLine(`lab clear${here}`)}`]),
  ]
}
