/** Where requests for a node come in: at a listener of its own, or where somebody else has one. */
import type { FastifyInstance } from 'fastify'
import type { ServerConfiguration } from '../cluster/configuration.js'

/** Where requests for a node without a listener come in. */
export interface NodePlace {
  /** For who asks this node itself, without /_wmcs. */
  readonly url: string
  /** Public URL of its cluster, without /_wmcs, where it is another one. */
  readonly publicUrl?: string | undefined
  /** Settings of the cluster that follow from it. */
  readonly settings?: Partial<ServerConfiguration>
}

interface Placing {
  readonly host: string
  readonly port: number
  readonly publicUrl?: string | undefined
  readonly place?: ((app: FastifyInstance) => Promise<NodePlace>) | undefined
}

/** @param place in place of a listener of its own */
export async function placed(
  app: FastifyInstance,
  { host, port, publicUrl, place }: Placing,
): Promise<NodePlace & { readonly publicUrl: string }> {
  const at = place === undefined ? { url: await app.listen({ host, port }), publicUrl } : await place(app)
  return { ...at, publicUrl: at.publicUrl ?? at.url }
}
