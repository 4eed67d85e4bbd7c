/** Commands of this program as people can run them: in hints, refusals, help and generated documentation. */

/** Works in a checkout, and wherever the package is installed. */
const program = 'npx rms-emulator'

/** @param words name of the command and what stands behind it, quoted already: see `shellWord` */
export function commandLine(words: string): string {
  return `${program} ${words}`
}

/** As a shell has to be given it: quoted only where it must be. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text
  // A backslash in double quotes stays one before a letter.
  if (/^(?:[^"$`\\!]|\\\w)+$/.test(text)) return `"${text}"`
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Commands in a text. One ends at the end of its line, or before a bracket or a mark of punctuation that a space follows; what is quoted is a part of it. */
const commandInText = /npx rms-emulator (?:\\.|"[^"\n]*"|'[^'\n]*'|[^\s,.:;()]|[,.:;](?=\S)|[^\S\n](?!$))+/gm

export function replaceCommands(text: string, change: (command: string) => string): string {
  return text.replace(commandInText, change)
}

/** Words of a text, with each command whole: it is copied. */
export function wordsOf(text: string): readonly string[] {
  return replaceCommands(text, (command) => command.replaceAll(' ', held))
    .split(' ')
    .map((word) => word.replaceAll(held, ' '))
}

/** In place of a space, where none is meant to be broken: no text of ours has it. */
const held = '\uE000'
