/** The package's public surface. */
export * from './client/index.js'
