import t from 'tap'
import { folded } from '../../src/cli/text-width.js'

t.test('lines are broken between words, and what follows stands under the first one', async (t) => {
  t.equal(folded('ok  two words and a third', 12), 'ok  two\nwords and a\nthird')
  t.equal(folded('   ok  two words', 11), '   ok  two\n   words')
  t.equal(folded('short\nalso short', 20), 'short\nalso short')
  t.equal(folded('whatever it is', Infinity), 'whatever it is')
})

t.test('addresses stay whole, and colors take no room', async (t) => {
  const url = 'http://127.0.0.1:7000/_wmcs/licensing'
  t.equal(folded(`it serves at ${url} now`, 20), `it serves at\n${url}\nnow`)
  t.equal(folded('\u001B[32mgood\u001B[39m and well', 13), '\u001B[32mgood\u001B[39m and well')
})
