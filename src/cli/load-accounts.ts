/** Accounts of the lab's directory that load comes from; the first one publishes. */
export const loadAccounts = ['alice@contoso.test', 'bob@contoso.test', 'carol@contoso.test'] as const
