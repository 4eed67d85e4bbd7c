/** api-at-nodes.test.ts once more, on PostgreSQL. */
process.env['TEST_DATABASE'] = 'postgres'
await import('./api-at-nodes.test.js')
