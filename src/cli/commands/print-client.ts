/** `print-client --for NAME`: what a client needs to find and trust a running installation, in the form that this client takes. */
import type { Settings } from '../../config/options.js'
import { Failure } from '../failure.js'
import { callManagement, managementBase } from '../management-call.js'
import { createOutput } from '../output.js'
import { usualUser } from '../mail-domain.js'
import { printForCurl } from '../print-client/curl.js'
import { printForDotnet } from '../print-client/dotnet.js'
import type { ClientFacts } from '../print-client/facts.js'
import { printForNode } from '../print-client/node.js'
import { printForPython } from '../print-client/python.js'
import { printForSdkCpp } from '../print-client/sdk-cpp.js'
import { printForWindows } from '../print-client/windows.js'
import { isStatus } from './status.js'
import { commandLine } from '../../command-line.js'

type ClientName = Settings<'print-client'>['for']

const printers: Readonly<Record<ClientName, (facts: ClientFacts) => string>> = {
  curl: printForCurl,
  node: printForNode,
  python: printForPython,
  dotnet: printForDotnet,
  msdrm: (facts) => printForWindows('msdrm', facts),
  msipc: (facts) => printForWindows('msipc', facts),
  'sdk-cpp': printForSdkCpp,
}

export async function printClient(settings: Settings<'print-client'>): Promise<void> {
  const output = createOutput(settings.json)
  const facts = await findFacts(settings)
  const text = printers[settings.for](facts)
  output.result({ for: settings.for, ...facts, text }, text)
}

async function findFacts(settings: Settings<'print-client'>): Promise<ClientFacts> {
  const { password, cluster: wanted, token } = settings
  const manage = await managementBase(settings)
  const status = await callManagement({ manage, token }, { method: 'GET', path: '/status' })
  const root = isStatus(status) ? status.clusters.find(({ kind }) => kind === 'root') : undefined
  if (!isStatus(status) || root === undefined)
    throw new Failure(
      `${manage} does not answer as an installation does. Is this its management address? ${commandLine('up')} prints it`,
    )
  // As `client` without --server: the root cluster.
  const licensing = wanted === undefined ? root : status.clusters.find(({ name }) => name === wanted)
  if (licensing === undefined)
    throw new Failure(
      `There is no cluster "${wanted}". The clusters are ${status.clusters.map(({ name }) => name).join(', ')}`,
      2,
    )
  const ca = root.url.startsWith('https:') ? await fetchCa(manage) : undefined
  const user = settings.user ?? `${usualUser}@${status.forest}`
  return { rootUrl: root.url, licensingUrl: licensing.url, forest: status.forest, ca, user, password }
}

async function fetchCa(manage: string): Promise<string> {
  const url = new URL('/ca.pem', manage)
  const response = await fetch(url)
  if (!response.ok)
    throw new Failure(`${url.href} answers HTTP ${response.status} instead of the certificate of the lab CA`)
  return response.text()
}
