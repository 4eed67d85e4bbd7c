/**
 * The one table of refusals over REST: the codes that Microsoft's open client tells apart, the HTTP status they come with and when they are raised
 * here (rest-mde 8). Answers, documentation and tests read it; nothing else names a code.
 */
import type { RefusalFacts } from './refusal.js'

interface RestExceptionRow {
  /** `Code` of the answer. */
  readonly code: string
  readonly status: 400 | 401 | 404 | 405 | 413 | 415 | 500 | 502 | 503
  /** What the client is told. Says nothing about the inside of the server. */
  readonly message: string
  /** What the open client makes of it. */
  readonly effect: string
}

const exceptions = 'Microsoft.RightsManagement.Exceptions'

export const restExceptions = {
  BadInput: {
    code: `${exceptions}.BadInputException`,
    status: 400,
    message: 'The request, or the publishing license in it, is not valid on this server.',
    effect: 'InvalidPL',
  },
  NotYetValid: {
    code: `${exceptions}.BadInputException`,
    status: 400,
    message: 'The publishing license, or what it grants, begins later by the clock of this server.',
    effect: 'InvalidPL',
  },
  UnrecognizedUrl: {
    code: `${exceptions}.UnrecognizedUrlException`,
    status: 400,
    message: 'The service address belongs to no server of this organization.',
    effect: 'OnPremNotSupported',
  },
  UnknownTenant: {
    code: `${exceptions}.UnknownTenantException`,
    status: 400,
    message: 'The mail domain belongs to no organization that this server serves.',
    effect: 'OnPremNotSupported',
  },
  ServiceDisabled: {
    code: `${exceptions}.ServiceDisabledException`,
    status: 400,
    message: 'This service is switched off.',
    effect: 'ServiceDisabled',
  },
  ServiceDisabledForApplication: {
    code: `${exceptions}.ServiceDisabledForApplicationException`,
    status: 400,
    message: 'This service is switched off for this version of the application.',
    effect: 'ServiceDisabled',
  },
  NotSignedUp: {
    code: `${exceptions}.NotSignedUpException`,
    status: 400,
    message: 'The account has no mail address, and cannot take part in rights management.',
    effect: 'ServiceDisabled',
  },
  DevicePlatformNotRecognized: {
    code: `${exceptions}.DevicePlatformNotRecognizedException`,
    status: 400,
    message: 'The platform of the device is not known.',
    effect: 'DeviceRejected',
  },
  DevicePlatformDisabled: {
    code: `${exceptions}.DevicePlatformDisabledException`,
    status: 400,
    message: 'The platform of the device is not served.',
    effect: 'DeviceRejected',
  },
  Unauthorized: {
    code: `${exceptions}.UnauthorizedException`,
    status: 401,
    message: 'This needs an access token of an account that this service admits.',
    effect: 'the token is not accepted',
  },
  NotFound: {
    code: `${exceptions}.NotFoundException`,
    status: 404,
    message: 'There is no such service.',
    effect: 'ServiceNotAvailable',
  },
  MethodNotAllowed: {
    code: `${exceptions}.MethodNotAllowedException`,
    status: 405,
    message: 'The service is not called by this HTTP method.',
    effect: 'ServerError',
  },
  TooLarge: {
    code: `${exceptions}.RequestTooLargeException`,
    status: 413,
    message: 'The request is larger than this server takes.',
    effect: 'ServerError',
  },
  UnsupportedContent: {
    code: `${exceptions}.UnsupportedContentException`,
    status: 415,
    message: 'The content type is not supported: send application/json in UTF-8, not compressed.',
    effect: 'ServerError',
  },
  Unspecified: {
    code: `${exceptions}.UnspecifiedErrorException`,
    status: 500,
    message: 'The request could not be processed.',
    effect: 'ServerError',
  },
  RootUnavailable: {
    code: `${exceptions}.ServiceNotAvailableException`,
    status: 502,
    message: 'Another server that is needed for this does not answer.',
    effect: 'ServiceNotAvailable',
  },
  Busy: {
    code: `${exceptions}.ServiceBusyException`,
    status: 503,
    message: 'The server cannot take requests at the moment: try again later.',
    effect: 'ServerError',
  },
} as const satisfies Record<string, RestExceptionRow>

export type RestExceptionKey = keyof typeof restExceptions

/** A refusal that a REST client is told about by status, `Code` and `Message`. */
export class RestException extends Error {
  override readonly name = 'RestException'
  readonly key: RestExceptionKey
  readonly status: number
  /** `Code` of the answer. */
  readonly fullName: string
  /** What exactly was wrong, with the values: for the request log, never for the wire. */
  readonly why: string
  /** As for RmsException. */
  readonly facts: RefusalFacts | undefined

  constructor(key: RestExceptionKey, why: string, facts?: RefusalFacts) {
    super(restExceptions[key].message)
    this.key = key
    this.status = restExceptions[key].status
    this.fullName = restExceptions[key].code
    this.why = why
    this.facts = facts
  }
}

/** Ends the operation with that refusal. */
export function refuseRest(key: RestExceptionKey, why: string, facts?: RefusalFacts): never {
  throw new RestException(key, why, facts)
}
