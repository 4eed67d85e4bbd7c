import t from 'tap'
import { parseClusters, parseNodes, parseNodesCall } from '../../src/balancer/node-list.js'

const good = {
  clusters: [
    { name: 'root', listeners: [{ name: 'intranet', port: 7000 }], nodes: [{ id: 'a', url: 'http://127.0.0.1:1/' }] },
  ],
}

t.test('a list is read, hosts and URLs in one spelling', async (t) => {
  t.same(parseClusters(JSON.stringify(good)), [
    {
      name: 'root',
      listeners: [{ name: 'intranet', host: '127.0.0.1', port: 7000 }],
      nodes: [{ id: 'a', url: 'http://127.0.0.1:1' }],
    },
  ])
  t.same(parseNodesCall('{"cluster":"root","nodes":[]}'), { cluster: 'root', nodes: [] })
})

t.test('a wrong list is refused with the place and the value', async (t) => {
  const [cluster] = good.clusters
  const cases: readonly [string, RegExp][] = [
    ['{', /not JSON/],
    ['[]', /The file is \[\]; it must be an object/],
    ['{}', /clusters is missing; it must be a list/],
    ['{"clusters":[]}', /one cluster at least/],
    [JSON.stringify({ clusters: [{ ...cluster, listeners: [] }] }), /clusters\[0\]\.listeners must name one/],
    [JSON.stringify({ clusters: [{ ...cluster, listeners: [{ name: 'a', port: 70000 }] }] }), /port is 70000/],
    [
      JSON.stringify({
        clusters: [
          {
            ...cluster,
            listeners: [
              { name: 'a', port: 1 },
              { name: 'a', port: 2 },
            ],
          },
        ],
      }),
      /two of the name a/,
    ],
    [JSON.stringify({ clusters: [{ ...cluster, listeners: [{ name: 'direct', port: 1 }] }] }), /name is "direct"/],
    [JSON.stringify({ clusters: [cluster, cluster] }), /two of the name root/],
  ]
  for (const [text, message] of cases) t.throws(() => parseClusters(text), { name: 'NodeListError', message }, text)
  t.throws(() => parseNodes([{ id: 'a\nb', url: 'http://a' }]), /nodes\[0\]\.id is "a\\nb"/)
  t.throws(() => parseNodes([{ id: 'a', url: 'http://a/path' }]), /without a path/)
  t.throws(() => parseNodes([{ id: 'a', url: 'file:///etc' }]), /must be http/)
  t.throws(
    () =>
      parseNodes([
        { id: 'a', url: 'http://a' },
        { id: 'a', url: 'http://b' },
      ]),
    /two of the name a/,
  )
  t.throws(() => parseNodes(Array.from({ length: 1001 }, () => ({}))), /1001 members/)
})
