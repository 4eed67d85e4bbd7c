/** directory-version.test.ts once more, on PostgreSQL. */
process.env['TEST_DATABASE'] = 'postgres'
await import('./directory-version.test.js')
