/** What is set in the lab, as a line of the log whenever it is another than before: whoever looks at the screen of `up` sees it change. */
import type { FastifyInstance } from 'fastify'
import type { LabOffice } from '../../../administration/lab/ask-server.js'
import { readLab } from '../../../administration/lab/lab.js'

export function tellChanges(app: FastifyInstance, office: LabOffice): void {
  /** undefined: it cannot be read. */
  const read = async (): Promise<string | undefined> =>
    readLab(office).then(
      ({ active }) => active.join('; '),
      () => undefined,
    )
  let told: string | undefined
  app.addHook('onReady', async () => {
    told = await read()
  })
  app.addHook('onResponse', async ({ method, routeOptions, log }) => {
    if (method === 'GET' || routeOptions.url?.startsWith('/lab') !== true) return
    const active = await read()
    if (active === undefined || active === told) return
    told = active
    log.info(active === '' ? 'nothing is set in the lab any more' : `set in the lab: ${active}`)
  })
}
