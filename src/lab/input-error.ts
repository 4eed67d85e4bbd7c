/** Somebody asked the lab for what it cannot do: nothing has been changed. Management answers it with 400. */
export class LabInputError extends Error {
  override readonly name = 'LabInputError'
}
