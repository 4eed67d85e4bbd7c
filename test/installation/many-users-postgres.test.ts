/** many-users.test.ts once more, on PostgreSQL. */
process.env['TEST_DATABASE'] = 'postgres'
await import('./many-users.test.js')
