/** Changed sign-in tokens let nobody in, and do not end the node. */
import t from 'tap'
import { startNode } from '../../src/node/start.js'
import { runTokenCampaign } from './token-campaign.js'

// On a busy machine this takes longer than the 30 s that tap gives a file run by itself
t.setTimeout(900_000)

t.test('10,000 changed tokens of NTLM and Negotiate: 401 or a closed connection, never an identity', async (t) => {
  // A token that lost its integrity code must not pass as one of an old client either.
  const node = await startNode({ ntlmLevel: 'v1' })
  t.teardown(() => node.close())
  const { outcomes, violations } = await runTokenCampaign({
    url: `${node.baseUrl}/certification/certification.asmx`,
    tokens: 10_000,
    seed: 3,
    connections: 8,
  })
  t.same(violations, [])
  t.ok((outcomes['401'] ?? 0) > 9000, JSON.stringify(outcomes))
  t.equal(node.context.connections.waiting(), 0, 'no dialogue is left')
})
