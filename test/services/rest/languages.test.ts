/** Which of its texts a template shows to whom. */
import t from 'tap'
import { languageId, textFor } from '../../../src/services/rest/languages.js'
import { fc } from '../../fixtures/property.js'

const [german, english, french] = [
  { lcid: 1031, name: 'Vertraulich', description: '' },
  { lcid: 1033, name: 'Confidential', description: '' },
  { lcid: 3084, name: 'Confidentiel', description: '' },
]
const texts = [german, english, french]

t.test('the language that is liked best, by id, by language, else English, else the first', async (t) => {
  for (const [wanted, found] of [
    ['de-DE', german],
    ['de-AT, en', german],
    ['En-en', english],
    ['en,*', english],
    ['fr-FR;q=0.9, de;q=0.5', french],
    ['de;q=0, fr', french],
    ['xx', english],
    ['', english],
    ['*', english],
    [';;,q=,', english],
  ] as const) {
    t.same(textFor(texts, wanted), found, wanted)
  }
  t.same(textFor([french, german], 'xx'), french)
  t.equal(textFor([], 'en'), undefined)
})

t.test('what locales are called on any system is understood, and what is not known is English', async (t) => {
  t.same(
    ['en-US', 'de_DE', 'de_DE.UTF-8', 'pt-BR', 'C', 'POSIX', 'constructor', '__proto__', 'xx-de'].map(languageId),
    [1033, 1031, 1031, 1046, 1033, 1033, 1033, 1033, 1033],
  )
})

t.test('whatever the header is, there is an answer', async () => {
  fc.assert(fc.property(fc.string({ maxLength: 1000 }), (header) => textFor(texts, header) !== undefined))
})
