/** How the pages made by Swagger UI look, those of nodes and those of the management API. */
import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui'

/** The bar on top is for choosing another document: there is one. Names of services are longer than a telephone is wide. */
const withoutBar =
  '.swagger-ui .topbar { display: none } .swagger-ui .info { margin: 24px 0 } .swagger-ui .opblock-tag { overflow-wrap: anywhere }'

/** @param title of the window */
export function pagesLook(title: string): Pick<FastifySwaggerUiOptions, 'routePrefix' | 'theme' | 'uiConfig'> {
  return {
    routePrefix: '/docs',
    theme: { title, css: [{ filename: 'lab.css', content: withoutBar }] },
    uiConfig: { persistAuthorization: true, docExpansion: 'list', defaultModelsExpandDepth: -1, tryItOutEnabled: true },
  }
}
