/** The errors of a database that cannot be asked. Every method of the store may throw them. */

/**
 * The database is away or does not answer: stopped, cut off, moved, deleted, locked. Asking again later may succeed; what was being
 * written may have been written or not.
 */
export class DatabaseAway extends Error {
  override readonly name: string = 'DatabaseAway'
}

/** The database answers, and does not let us in: wrong password, unknown database, no permission. Somebody has to change something. */
export class DatabaseRefused extends DatabaseAway {
  override readonly name = 'DatabaseRefused'
}
