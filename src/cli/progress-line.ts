/** How far long work is: one line that is written over on a terminal, a line now and then elsewhere, nothing with --json. Goes to stderr. */
import { number } from '../charts/frame.js'
import type { LoadProgress } from '../load/progress.js'
import { time } from '../load/sentences.js'
import { clipped } from './text-width.js'

export interface ProgressLine {
  readonly show: (text: string) => void
  readonly showLoad: (progress: LoadProgress) => void
  readonly clear: () => void
}

/** Seconds between two lines where they cannot be written over. */
const seldom = 10

export function createProgressLine(isSilent: boolean): ProgressLine {
  const isTerminal = process.stderr.isTTY
  let told = 0
  let before = ''
  const show = (text: string): void => {
    if (isSilent) return
    // Where nothing is written over, a count that goes on would be the same sentence again and again.
    const sentence = isTerminal ? text : text.replace(/: \d+$/, '')
    if (!isTerminal && sentence === before) return
    before = sentence
    process.stderr.write(
      isTerminal ? `\r\u001B[K${clipped(text, (process.stderr.columns || 200) - 1)}` : `${sentence}\n`,
    )
  }
  return {
    show,
    showLoad: (progress) => {
      if (!isTerminal && progress.seconds - told < seldom) return
      told = progress.seconds
      show(textOf(progress))
    },
    clear: () => {
      if (!isSilent && isTerminal) process.stderr.write('\r\u001B[K')
    },
  }
}

function textOf({
  seconds,
  of,
  answered,
  refused,
  p50,
  p95,
  underWay,
  answeredInAll,
  refusedInAll,
}: LoadProgress): string {
  const times = Number.isFinite(p50) ? `  p50 ${time(p50)}  p95 ${time(p95)}` : ''
  const all = `in all ${number(answeredInAll)}${refusedInAll > 0 ? `, ${number(refusedInAll)} refused` : ''}`
  return `${Math.round(seconds)} s of ${number(of)}  answered ${answered}/s${refused > 0 ? `  refused ${refused}/s` : ''}${times}  under way ${underWay}  (${all})`
}
