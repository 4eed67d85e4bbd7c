/** Stand-in for Active Directory: what RMS servers ask a directory. Names and mail addresses are compared without regard to case. */
import type { Addresses } from './addresses.js'

export interface Account extends Addresses {
  /** `S-1-5-21-…` */
  readonly sid: string
  /** SIDs that the account had in former domains; whoever asks for one of these gets this account. */
  readonly sidHistory: readonly string[]
  /** `CONTOSO\alice` */
  readonly name: string
  readonly enabled: boolean
}

export interface Group extends Addresses {
  readonly sid: string
  /** `CONTOSO\legal` */
  readonly name: string
}

export interface Forest {
  /** `contoso.test` */
  readonly dnsName: string
  /** `CONTOSO` */
  readonly netbiosName: string
  /** `S-1-5-21-a-b-c`; accounts add their relative id. */
  readonly domainSid: string
  /**
   * serviceBindingInformation of the one service connection point of the forest: `<baseUrl>/certification` of the root cluster
   * ([MS-RMPR] 3.1.4.4). Absent while no root is registered.
   */
  readonly serviceConnectionPoint?: string
}

/** An account as it is created. The password is text: this is a lab, and NTLM needs it. It is never logged. */
export interface NewAccount extends Account {
  readonly password: string
}

/** Everything a directory is filled with. */
export interface DirectorySeed {
  readonly forest: Forest
  readonly accounts: readonly NewAccount[]
  readonly groups: readonly Group[]
  readonly memberships: readonly Membership[]
}

export interface Membership {
  readonly groupSid: string
  /** SID of an account or of a group. */
  readonly memberSid: string
}

export interface Directory {
  forest(): Promise<Forest>
  /** By `CONTOSO\alice`, `contoso.test\alice`, `alice` (of the forest's domain), `alice@contoso.test` (UPN), or a mail address. */
  accountByName(name: string): Promise<Account | undefined>
  /** By its SID or a former one. */
  accountBySid(sid: string): Promise<Account | undefined>
  /** By its mail address or one of its proxy addresses. */
  accountByMail(mail: string): Promise<Account | undefined>
  /** By its mail address or one of its proxy addresses. */
  groupByMail(mail: string): Promise<Group | undefined>
  groupByName(name: string): Promise<Group | undefined>
  /** The account, when the name (as in accountByName) is known, the account enabled and the password right. */
  authenticate(name: string, password: string): Promise<Account | undefined>
  /** The password text of an enabled account, for challenge-response authentication. Not for logs or answers. */
  passwordOf(sid: string): Promise<string | undefined>
  /**
   * All groups that this account or group is in, directly or through other groups, in no particular order. Every account is in
   * Domain Users.
   * @throws TooManyMemberships when there are more than `membershipLimit`
   */
  memberships(sid: string): Promise<readonly Group[]>
}

/** Far above what a Windows token holds (1,015 groups). */
export const membershipLimit = 10_000

/** A member of more groups than this directory follows. */
export class TooManyMemberships extends Error {
  override readonly name = 'TooManyMemberships'
  constructor(sid: string) {
    super(`${sid} is in more than ${membershipLimit} groups: take it out of some`)
  }
}

/** SID of the well-known group that every account of the domain is in. */
export function domainUsersSid(forest: Pick<Forest, 'domainSid'>): string {
  return `${forest.domainSid}-513`
}
