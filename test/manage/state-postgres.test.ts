/** state.test.ts once more, on PostgreSQL. */
process.env['TEST_DATABASE'] = 'postgres'
await import('./state.test.js')
