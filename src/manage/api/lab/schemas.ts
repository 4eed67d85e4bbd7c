/** JSON Schema pieces that the routes of the lab share. What is put is read by the lab itself, which names the nearest right thing. */

const text = { type: 'string' } as const

export const tags = ['lab']

/** What each server has, in the answer of a change; also where one was not reached. */
export const toldServers = {
  type: 'array',
  description: 'Every living server, and the version that it has',
  items: {
    type: 'object',
    properties: {
      node: text,
      cluster: text,
      version: { type: 'integer', nullable: true },
      reached: { type: 'boolean' },
      why: { ...text, description: 'Why it was not reached' },
    },
  },
} as const

/** For answers with 504: the change is made, and these servers do not have it yet. */
export const notEverywhere = {
  504: {
    description: 'It is set, but a living server did not say within 2 s that it has it; all others have it',
    type: 'object',
    properties: { error: { ...text, examples: ['NotEverywhere'] }, message: text, nodes: toldServers },
  },
} as const

export const hash = { ...text, description: 'SHA-256 over the state, 64 hexadecimal digits' } as const
export const duration = { ...text, description: 'ISO 8601, such as PT5M, -PT30S or P366D' } as const
export const instant = { ...text, description: 'ISO 8601, such as 2026-01-01T00:00:00Z' } as const

const clockProperties = {
  mode: { ...text, description: 'real, offset, frozen, or step: frozen, and one step further with each request' },
  by: { ...duration, description: `Of offset and step. ${duration.description}` },
  at: { ...instant, description: `Of frozen and step. ${instant.description}` },
} as const

export const clockWanted = { type: 'object', properties: clockProperties } as const
export const clockReading = {
  description: 'How the clock of the forest is set, and what it says now',
  type: 'object',
  properties: { ...clockProperties, now: instant },
} as const

/** Of the installation, for as long as it is there. */
export const randomSeed = {
  description: 'What chance follows from. Left out without a lab',
  type: 'object',
  properties: {
    seed: { ...text, examples: ['42'] },
    of: {
      ...text,
      description:
        'everything: the same requests in the same order are answered with the same bytes; faults: only what faults leave to chance follows from it',
    },
  },
} as const

/** Of a return to a state that was kept. */
export const returned = {
  description: 'Where the state is now',
  type: 'object',
  properties: {
    version: { type: 'integer', description: 'Of the state of the lab: it goes on' },
    nodes: toldServers,
  },
} as const
