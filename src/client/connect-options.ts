/** What `connect` may be told: callers in JavaScript get no help from types. */
import {
  aFunction,
  anObject,
  anyText,
  filledText,
  listOfTexts,
  oneOf,
  requireOptions,
  wholeNumber,
  type OptionCheck,
} from '../config/given-options.js'
import { signIns } from './connections.js'
import type { RestOptions } from './rest-types.js'
import type { ConnectOptions } from './rms-client.js'

const checks: Readonly<Record<keyof ConnectOptions, OptionCheck>> = {
  url: anyText,
  user: filledText,
  password: anyText,
  signIn: oneOf(...signIns),
  ca: filledText,
  machine: anObject,
  mode: oneOf(1, 2),
  trustRoot: anObject,
  folder: filledText,
  licensingHosts: listOfTexts(),
  onStep: aFunction,
  timeoutMilliseconds: wholeNumber(1, 2 ** 31 - 1),
  userAgent: anyText,
  clock: anObject,
  random: anObject,
}

const restChecks: Readonly<Record<keyof RestOptions, OptionCheck>> = {
  url: anyText,
  user: filledText,
  password: anyText,
  token: filledText,
  signInHosts: listOfTexts(),
  ca: filledText,
  languages: anyText,
  clock: anObject,
  timeoutMilliseconds: wholeNumber(1, 2 ** 31 - 1),
  userAgent: anyText,
  onStep: aFunction,
}

/** @throws OptionRefused for an option that is unknown or has an impossible value */
export function requireRestOptions(options: RestOptions): void {
  requireOptions('connectRest', options, restChecks)
}

/** @throws OptionRefused for an option that is unknown or has an impossible value */
export function requireConnectOptions(options: ConnectOptions): void {
  requireOptions('connect', options, checks)
}
