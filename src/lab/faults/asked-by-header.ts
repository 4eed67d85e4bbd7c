/** A request that asks for a fault itself, where that is allowed: `X-Lab-Fault: NAME`, for suites that run side by side. */
import type { IncomingHttpHeaders } from 'node:http'
import { nearest } from '../../config/nearest.js'
import type { FiredEffect } from '../exchange.js'
import { shown } from '../json-object.js'
import { catalogue } from './catalogue.js'
import type { NamedFault } from './installed.js'
import { commandLine } from '../../command-line.js'

/**
 * Those that the header names, set ones first, ready ones otherwise; several with commas.
 * @returns why not, for the client, when one of them is not there
 */
export function askedByHeader(
  headers: IncomingHttpHeaders,
  faults: readonly NamedFault[],
): readonly NamedFault[] | string {
  const given = headers['x-lab-fault']
  if (given === undefined) return []
  const names = String(given)
    .split(',')
    .map((name) => name.trim())
  const asked: NamedFault[] = []
  for (const name of names) {
    const found = faults.find((fault) => fault.name === name) ?? readyNamed(name)
    if (found === undefined) return whyNot(name, faults)
    asked.push(found)
  }
  return asked
}

function readyNamed(name: string): NamedFault | undefined {
  const ready = catalogue.find((candidate) => candidate.name === name)
  return ready && { ...ready.fault, when: {}, name, ready: name, seed: 0, since: 0 }
}

function whyNot(name: string, faults: readonly NamedFault[]): string {
  const known = [...faults, ...catalogue].map((fault) => fault.name)
  const meant = nearest(name, known)
  const hint =
    meant === undefined
      ? `the ready ones are listed by ${commandLine('lab faults catalogue')}`
      : `did you mean ${meant}?`
  return `X-Lab-Fault asks for ${shown(name)}, and there is no such fault: ${hint}`
}

/** The answer to a request that asks for what is not there. */
export function refusedHeader(why: string): FiredEffect {
  const headers = { 'content-type': 'text/plain; charset=utf-8' }
  return { fault: 'unknown', effect: { kind: 'answer', answer: { status: 400, headers, body: `${why}\n` } } }
}
