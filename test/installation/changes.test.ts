/**
 * A short version of changes.ts in every test run: each kind of change once, with pages beside the licenses to judge the spread by. The balancer's turns
 * have nothing to do with the database: on PostgreSQL there are the licenses alone.
 */
import t from 'tap'
import { isOnPostgres, sharedDatabase } from '../cluster/postgres.js'
import { runChanges } from './changes-run.js'

// On a busy machine this takes longer than the 30 s that tap gives a file run by itself
t.setTimeout(900_000)

t.test(
  'nodes die, come, drain and are replaced, the list is read again: no request fails, no license is lost, the turns stay even',
  async (t) => {
    const { requests, licenses, changes, failures, failed, missing, twice, spells, uneven } = await runChanges({
      seconds: 1,
      rate: 25,
      seed: 3,
      database: await sharedDatabase(t),
      ...(isOnPostgres ? { withPages: false, leastRequests: 1 } : { withPages: true }),
      kills: 1,
      onProgress: (text) => t.comment(text),
    })
    t.same(changes, { kill: 1, add: 1, drain: 1, replace: 1, reload: 1 })
    t.same({ failures, failed }, { failures: [], failed: 0 })
    t.same({ missing, twice }, { missing: [], twice: [] }, 'the request log')
    t.equal(spells.length, 6)
    t.ok(licenses > 100, `${licenses} licenses, ${requests} requests`)
    if (isOnPostgres) return
    t.same(uneven, [], 'round robin')
    t.ok(spells.every((spell) => spell.requests >= 1000))
    t.ok(requests - licenses >= 6000, 'pages')
  },
)
