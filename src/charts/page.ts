/** A page around charts: one file, no scripts, nothing from elsewhere. */
import { element, joined, text, type Markup } from '../xml/write.js'

type Part = Markup | undefined | readonly Markup[]

const style = `
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; color: #24292f; background: #f6f8fa; margin: 0 }
main { max-width: 1000px; margin: 0 auto; padding: 24px }
h1 { font-size: 26px; margin: 0 }
h2 { font-size: 18px; margin: 32px 0 4px }
.under, .what { color: #57606a; margin: 2px 0 12px }
.headline { font-size: 18px; font-weight: 600; margin-bottom: 4px }
.note { border-left: 4px solid; padding: 8px 12px; background: #ffffff }
.good { border-color: #009e73 }
.bad { border-color: #d55e00 }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 12px; margin: 20px 0 }
.tile { background: #ffffff; border: 1px solid #d8dee4; border-radius: 6px; padding: 10px 12px }
.tile b { display: block; font-size: 22px; font-weight: 600 }
.tile small { color: #57606a }
svg { display: block; width: 100%; height: auto; background: #ffffff; border: 1px solid #d8dee4; border-radius: 6px; margin-bottom: 12px; box-sizing: border-box }
.scroll { overflow-x: auto }
table { border-collapse: collapse; background: #ffffff; width: 100% }
th, td { border: 1px solid #d8dee4; padding: 5px 9px; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left; white-space: normal }
th { background: #eaeef2; font-weight: 600 }
pre { background: #ffffff; border: 1px solid #d8dee4; border-radius: 6px; padding: 12px; overflow-x: auto; font-size: 13px }
footer { color: #57606a; font-size: 13px; margin: 32px 0 8px }
`

/** @param under what it is about, below the title */
export function document(title: string, under: string, ...content: readonly Part[]): string {
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    element('title', {}, text(title)),
    element('style', {}, text(style)),
  )
  const footer = element('footer', {}, text('Made by rms-emulator. A lab: never protect real documents with it.'))
  const main = element(
    'main',
    {},
    element('h1', {}, text(title)),
    element('p', { class: 'under' }, text(under)),
    joined(...content),
    footer,
  )
  return `<!DOCTYPE html>\n${element('html', { lang: 'en' }, head, element('body', {}, main))}\n`
}

/** @param what how to read it */
export function section(title: string, what: string | undefined, ...content: readonly Part[]): Markup {
  return element(
    'section',
    {},
    element('h2', {}, text(title)),
    what === undefined ? undefined : element('p', { class: 'what' }, text(what)),
    joined(...content),
  )
}

/** The first column to the left, the others, which are figures, to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): Markup {
  const line = (cells: readonly string[], name: string): Markup =>
    element(
      'tr',
      {},
      cells.map((cell) => element(name, {}, text(cell === '' ? '\u00A0' : cell))),
    )
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('thead', {}, line(titles, 'th')),
      element(
        'tbody',
        {},
        rows.map((row) => line(row, 'td')),
      ),
    ),
  )
}

/** A figure that is seen first. */
export function tile(name: string, figure: string, unit: string): Markup {
  return element(
    'div',
    { class: 'tile' },
    element('small', {}, text(name)),
    element('b', {}, text(figure)),
    element('small', {}, text(unit)),
  )
}
