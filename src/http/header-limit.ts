/** Bytes that request line and headers may take. */

/** A Kerberos token of Windows is of 48,000 bytes at most, which are 64,000 characters. */
export const defaultHeaderLimit = 64 * 1024

/** What a balancer adds for its nodes: a node takes that much more than the balancer before it. */
export const headerMargin = 8 * 1024
