/** A small run of many users at once; `node build/test/installation/run-many-users.js` is the large one. */
import t from 'tap'
import { sharedDatabase } from '../cluster/postgres.js'
import { runManyUsers } from './many-users.js'

// On a busy machine this takes longer than the 30 s that tap gives a file run by itself
t.setTimeout(900_000)

t.test(
  '20 users at once by NTLM onto 3 nodes, 3 times each: every RAC and license is for the one who asked',
  async (t) => {
    const { certified, licensed, wrong, repeated, requestsOfNodes, signedIn } = await runManyUsers({
      users: 20,
      times: 3,
      nodes: 3,
      signIn: 'ntlm',
      database: await sharedDatabase(t),
    })
    t.same(wrong, [])
    t.equal(repeated, 0)
    t.same({ certified, licensed, signedIn }, { certified: 60, licensed: 60, signedIn: ['NTLM'] })
    t.ok(
      Object.values(requestsOfNodes).every((count) => count > 0),
      JSON.stringify(requestsOfNodes),
    )
  },
)
