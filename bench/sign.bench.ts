/** How many RSA private key operations does node:crypto do on one core? It is the ceiling for everything that is issued. */
import { constants, generateKeyPairSync, privateDecrypt, privateEncrypt, type KeyObject } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { modes, type CryptoMode } from '../src/crypto/modes.js'
import { systemClock } from '../src/effects.js'
import type { Bench, Question, RateRow, Row } from './question.js'
import { spreadOf } from './spread.js'

const operations = {
  sign: (key: KeyObject, block: Buffer) => privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block),
  decrypt: (key: KeyObject, block: Buffer) => privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, block),
} as const

export const sign: Question = {
  name: 'sign',
  about: 'RSA private key operations of node:crypto on one core, without anything around them',
  async ask(bench) {
    const rows: Row[] = []
    for (const mode of bench.size.modes) {
      for (const operation of ['sign', 'decrypt'] as const) rows.push(await measureRaw(bench, mode, operation))
    }
    return rows
  },
}

/** In this process, one core, nothing else. Every round but the warm-up counts. */
export async function measureRaw(
  { size, progress, signal }: Bench,
  mode: CryptoMode,
  operation: keyof typeof operations,
): Promise<RateRow> {
  const bits = modes[mode].keyBits
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  // 00 01 FF … FF 00 and 51 bytes, as long as DigestInfo and digest of SHA-256 are
  const filler = Buffer.alloc(bits / 8 - 54, 0xff)
  const block = Buffer.concat([Buffer.from([0, 1]), filler, Buffer.alloc(52, 0)])
  const measured = await repeat({ size, progress, signal }, `raw ${operation}, RSA-${bits}`, () =>
    operations[operation](privateKey, block),
  )
  return { ...measured, mode, engine: 'openssl' }
}

/** Work without waiting, in this process. Every round but the warm-up counts. */
export async function repeat(
  { size, progress, signal }: Pick<Bench, 'size' | 'progress' | 'signal'>,
  what: string,
  work: () => unknown,
): Promise<Omit<RateRow, 'mode' | 'engine'>> {
  const seconds = size.secondsPerRound / 5
  const rounds: { readonly count: number; readonly seconds: number; readonly cpu: number }[] = []
  for (let round = 0; round <= size.rounds; round++) {
    progress(`${what}: round ${round} of ${size.rounds}`)
    // Lets a signal to stop come through
    await setImmediate()
    signal.throwIfAborted()
    rounds.push(repeatFor(seconds, work))
  }
  const counted = rounds.slice(1)
  return {
    what,
    operations: counted.reduce((sum, { count }) => sum + count, 0),
    perSecond: spreadOf(counted.map((round) => round.count / round.seconds)),
    cpu: spreadOf(counted.map((round) => round.cpu / round.count)),
  }
}

function repeatFor(seconds: number, work: () => unknown): { count: number; seconds: number; cpu: number } {
  const usedBefore = process.cpuUsage()
  const begin = systemClock.monotonic()
  let count = 0
  let elapsed = 0
  while (elapsed < seconds * 1000) {
    for (let repeat = 0; repeat < 10; repeat++) work()
    count += 10
    elapsed = systemClock.monotonic() - begin
  }
  const used = process.cpuUsage(usedBefore)
  return { count, seconds: elapsed / 1000, cpu: (used.user + used.system) / 1000 }
}
