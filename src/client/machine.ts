/** The machine of a client: its key pair and the SPC chain that names it ([MS-RMPR] 2.2.9.4). Clients since RMS 1.0 SP1 make their own. */
import { generateKeyPair, type RsaPrivateKey } from '../crypto/keys.js'
import { modes, type CryptoMode, type ModeRules } from '../crypto/modes.js'
import { createSigner } from '../crypto/signer.js'
import { newGuid, systemClock, systemRandom, type Clock, type Random } from '../effects.js'
import { readOneDocument, type XrmlDocument } from '../xrml/document.js'
import { labMachine, labSpcIssuer } from '../xrml/lab-hierarchy.js'
import { buildSpc, readSpc } from '../xrml/spc.js'

/** A machine with its private key. */
export interface Machine {
  /** SPC, SPC issuer, security processor CA, intermediate CA, CA. */
  readonly chain: readonly XrmlDocument[]
  /** Opens the private key in a RAC. */
  readonly key: RsaPrivateKey
  readonly mode: CryptoMode
}

/** What a new machine is made of. */
export interface Activation {
  readonly mode: CryptoMode
  /** Any text; the hardware hash is made of it. */
  readonly name: string
  readonly clock?: Clock
  readonly random?: Random
}

/** What the Repository security level of a machine of ours ends in: the client of Windows 7, which no genuine server excludes. */
const repositoryVersion = '6.1.7600.16385'

/** A new machine: a key pair, and an SPC signed with the key that every client of the lab has built in. */
export async function activate({
  mode,
  name,
  clock = systemClock,
  random = systemRandom,
}: Activation): Promise<Machine> {
  const rules = modes[mode]
  const issuer = labSpcIssuer(mode)
  const principal = issuer.chain[0]?.body.issuedPrincipal
  if (principal === undefined) throw new Error(`The certificate of the SPC issuer of Mode ${mode} names no principal`)
  const key = await generateKeyPair(rules.keyBits, random)
  const fields = {
    certificateGuid: newGuid(random),
    machineGuid: newGuid(random),
    issuedTime: clock.now(),
    issuer: principal,
    publicKey: key.publicKey,
    hardwareId: name,
    version: repositoryVersion,
  }
  const spc = readOneDocument(await buildSpc(fields, createSigner('openssl', issuer.key), rules.hash))
  return { chain: [spc, ...issuer.chain], key, mode }
}

/** One of the machines in `certs/machines`, such as `alice-pc-mode2`. */
export function readyMachine(name: string): Machine {
  const { chain, key } = labMachine(name)
  return machineOf(chain, key)
}

/**
 * A machine from its parts.
 * @param chain SPC chain, leaf first
 * @throws MalformedXrml, and RangeError when the key is not the one that the SPC names
 */
export function machineOf(chain: readonly XrmlDocument[], key: RsaPrivateKey): Machine {
  const [leaf] = chain
  if (leaf === undefined) throw new RangeError('A machine needs an SPC, the chain is empty')
  const named = readSpc(leaf).machine.publicKey?.modulus
  if (named !== key.publicKey.modulus) throw new RangeError('The private key is not that of the machine in the SPC')
  return { chain, key, mode: modeOfKey(key.publicKey).mode }
}

/** The cryptographic mode that a key of a machine, account or server belongs to: its length tells. */
export function modeOfKey({ bits }: { readonly bits: number }): ModeRules {
  const rules = Object.values(modes).find((candidate) => candidate.keyBits === bits)
  if (rules === undefined) throw new RangeError(`No cryptographic mode has RSA keys of ${bits} bits`)
  return rules
}
