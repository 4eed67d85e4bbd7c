/** `healthcheck`: one line and an exit code for whoever supervises: containers, scripts, tests. */
import { siteOf } from '../../http/scoped-path.js'
import { callReadiness } from '../readiness-call.js'
import { Failure } from '../failure.js'
import { createOutput } from '../output.js'
import { managementBase } from '../management-call.js'

export interface HealthcheckSettings {
  readonly manage: string | undefined
  readonly scope?: string | undefined
  readonly json: boolean
}

/**
 * Asks /readyz of an installation, or of one server or balancer.
 * @param url of a server or a balancer; undefined: of the installation
 * @returns whether it is ready
 */
export async function healthcheck(settings: HealthcheckSettings, url: string | undefined): Promise<boolean> {
  const base = url ?? (await managementBase(settings))
  if (!URL.canParse(base)) throw new Failure(`--url is "${base}"; it must be a URL, such as http://127.0.0.1:7000`, 2)
  const asked = `${siteOf(base)}/readyz`
  const { isReady, why, answer } = await callReadiness(asked)
  const text = `${isReady ? 'ready' : 'not ready'}: ${asked}: ${why}`
  createOutput(settings.json).result({ event: 'healthcheck', ready: isReady, url: asked, reason: why, answer }, text)
  return isReady
}
