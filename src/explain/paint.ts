/** How words are colored; each function gives back the text it got, in its color. */
export interface Paint {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly note: (text: string) => string
  readonly dim: (text: string) => string
  readonly strong: (text: string) => string
}

const asItIs = (text: string): string => text
export const plain: Paint = { good: asItIs, bad: asItIs, note: asItIs, dim: asItIs, strong: asItIs }
