/** The writers of answers, each compiled when it is first needed: a hundred of them would be a third of the time that an installation takes to start. */
import selector from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

export const lazySerializers = {
  buildSerializer: (external: unknown, options: selector.Options): selector.SerializerCompiler => {
    const compile = selector.SerializerSelector()(external, options)
    return (route) => {
      let write: selector.Serializer | undefined
      return (answer: unknown) => (write ??= compile(route))(answer)
    }
  },
} as unknown as CompilersFactory
