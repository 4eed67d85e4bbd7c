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

t.test('commands stay whole: they are copied', async (t) => {
  const restore = 'npx rms-emulator lab snapshot restore before --manage http://127.0.0.1:7090'
  t.equal(folded(`before is kept. Return to it with: ${restore}`, 40), `before is kept. Return to it with:\n${restore}`)
  const remove = 'npx rms-emulator lab scopes remove a'
  t.equal(folded(`Remove one (${remove}), or start anew`, 30), `Remove one\n(${remove}),\nor start anew`)
})
