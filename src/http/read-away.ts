/** Bytes of a refused request that are read away; who sends more may lose the answer. How long it may take, the request time-out says. */
export const mostReadAway = 64 * 1024 * 1024
