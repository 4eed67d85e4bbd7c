/** cluster-processes.test.ts once more, on PostgreSQL. */
process.env['TEST_DATABASE'] = 'postgres'
await import('./cluster-processes.test.js')
