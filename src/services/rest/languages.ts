/** Languages of names and descriptions: Windows language ids in XrML, tags as `de-DE` over REST. */
import type { TemplateText } from '../../xrml/template.js'

/** The main locale of each language, and the others that its ids are told apart from by. */
const languageIds: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ar: 1025,
    bg: 1026,
    ca: 1027,
    cs: 1029,
    da: 1030,
    de: 1031,
    'de-at': 3079,
    'de-ch': 2055,
    el: 1032,
    en: 1033,
    'en-us': 1033,
    'en-gb': 2057,
    'en-au': 3081,
    'en-ca': 4105,
    es: 3082,
    'es-mx': 2058,
    et: 1061,
    fi: 1035,
    fr: 1036,
    'fr-be': 2060,
    'fr-ca': 3084,
    'fr-ch': 4108,
    he: 1037,
    hi: 1081,
    hr: 1050,
    hu: 1038,
    id: 1057,
    it: 1040,
    ja: 1041,
    ko: 1042,
    lt: 1063,
    lv: 1062,
    nb: 1044,
    no: 1044,
    nl: 1043,
    'nl-be': 2067,
    nn: 2068,
    pl: 1045,
    pt: 2070,
    'pt-br': 1046,
    ro: 1048,
    ru: 1049,
    sk: 1051,
    sl: 1060,
    sr: 2074,
    sv: 1053,
    th: 1054,
    tr: 1055,
    uk: 1058,
    vi: 1066,
    zh: 2052,
    'zh-cn': 2052,
    'zh-tw': 1028,
    'zh-hk': 3076,
  }),
)

const english = 1033
const longestId = 65_535

/** Clients send whatever their locale is called, `C` too: what is not known is English. The number of a Windows language is taken as it is. */
export function languageId(tag: string): number {
  if (/^\d{1,5}$/.test(tag.trim()) && Number(tag) <= longestId) return Number(tag)
  const wanted = tag.trim().toLowerCase().replaceAll('_', '-').replace(/\..*$/, '')
  return languageIds.get(wanted) ?? languageIds.get(wanted.split('-')[0] ?? '') ?? english
}

/** What `languageId` reads as this id: the tag, with its country where two have the id; the number where no tag is known. */
export function languageTag(lcid: number): string {
  const tags = [...languageIds].filter(([, id]) => id === lcid).map(([tag]) => tag)
  const [language = String(lcid), country] = (tags.find((tag) => tag.includes('-')) ?? tags[0] ?? '').split('-')
  if (tags.length === 0) return String(lcid)
  return country === undefined ? language : `${language}-${country.toUpperCase()}`
}

/** The low ten bits of an id are the language, the others the country. */
const languageOf = (lcid: number): number => lcid & 0x3ff

/**
 * The text in the language that the client likes best: the same id, else the same language, else English, else the first.
 * @param acceptLanguage value of the header, which need not be well-formed
 */
export function textFor(texts: readonly TemplateText[], acceptLanguage: string): TemplateText | undefined {
  for (const wanted of preferred(acceptLanguage)) {
    const found =
      texts.find(({ lcid }) => lcid === wanted) ?? texts.find(({ lcid }) => languageOf(lcid) === languageOf(wanted))
    if (found !== undefined) return found
  }
  return texts.find(({ lcid }) => languageOf(lcid) === languageOf(english)) ?? texts[0]
}

const mostLanguages = 20

function preferred(acceptLanguage: string): readonly number[] {
  const entries = acceptLanguage.slice(0, 500).split(',').slice(0, mostLanguages)
  const weighed = entries.map((entry) => {
    const [tag = '', ...parameters] = entry.split(';').map((part) => part.trim())
    const quality = Number(parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2) ?? 1)
    return { tag, quality: Number.isFinite(quality) ? quality : 0 }
  })
  return weighed
    .filter(({ tag, quality }) => tag !== '' && tag !== '*' && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ tag }) => languageId(tag))
}
