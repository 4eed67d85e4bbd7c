import t from 'tap'
import { startPorts, type PortRange, type PortWish } from '../../src/installation/start-ports.js'

const range = { first: 7000, publicUrl: undefined, reserved: new Set<number>() }

function at(baseUrl: string | undefined, hasUrl = false): PortWish {
  return { baseUrl: baseUrl === undefined ? undefined : `${baseUrl}/_wmcs`, hasUrl }
}

const fresh = at(undefined)

const cases: readonly (readonly [string, readonly PortWish[], Partial<PortRange>, readonly number[]])[] = [
  ['new ones follow the root', [fresh, fresh, fresh], {}, [7000, 7001, 7002]],
  ['any free port for all', [at('http://127.0.0.1:7000'), at('http://127.0.0.1:7002')], { first: 0 }, [0, 0]],
  [
    'each comes back at its own, in whatever order',
    [at('http://127.0.0.1:7000'), at('http://127.0.0.1:7003'), at('http://127.0.0.1:7002')],
    {},
    [7000, 7003, 7002],
  ],
  [
    'a new one takes no port of one that was there',
    [at('http://127.0.0.1:7000'), fresh, at('http://127.0.0.1:7001'), fresh],
    {},
    [7000, 7002, 7001, 7003],
  ],
  [
    'nor that of an extranet listener',
    [at('http://127.0.0.1:7000'), fresh, at('http://127.0.0.1:7002')],
    { reserved: new Set([7001, 7002]) },
    [7000, 7003, 7004],
  ],
  [
    'from another first port on they follow each other',
    [at('http://127.0.0.1:7000'), at('http://127.0.0.1:7003')],
    { first: 8000 },
    [8000, 8001],
  ],
  [
    'the port of a URL that was given is none of ours',
    [at('http://127.0.0.1:7000'), at('https://rms.contoso.test'), at('http://127.0.0.1:9000', true)],
    {},
    [7000, 7001, 7002],
  ],
  [
    'under a public URL the others keep the ports of their own listeners',
    [at('https://rms.contoso.test'), at('http://rms.contoso.test:7003'), at('http://rms.contoso.test:7002')],
    { publicUrl: 'https://rms.contoso.test' },
    [7000, 7003, 7002],
  ],
  [
    'two that had the same port do not have it again',
    [
      at('http://127.0.0.1:7000'),
      at('http://127.0.0.1:7000'),
      at('http://127.0.0.1:7002'),
      at('http://127.0.0.1:7002'),
    ],
    {},
    [7000, 7001, 7002, 7003],
  ],
]

for (const [title, clusters, special, expected] of cases) {
  t.test(title, async (t) => {
    t.same(startPorts(clusters, { ...range, ...special }), expected)
  })
}
