/**
 * Control characters (C0, DEL, C1), characters that turn the direction of text, Unicode's own line ends, and halves of
 * surrogate pairs. A terminal obeys the first kind, a reader is deceived by the second.
 */
const active = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\p{Cs}]/gu;

/** Line by line: a tab and a newline do no harm there. */
const activeInLine = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\u2028\u2029\p{Cs}]/gu;

/** Runners of CI jobs take a line that begins with `::`, or has `##[` or `##vso[`, as a command. */
const defuse = (text: string): string =>
  text.replace(/^([^\S\n]*)::/gm, '$1· ::').replace(/##(vso)?\[/g, (command) => `## ${command.slice(2)}`);

/**
 * Text of several lines as terminals and logs of CI jobs show it and never obey it: control characters become `?`, and a
 * line that such a job would take as a command does not begin as one.
 */
export const plainLines = (text: string): string => defuse(text.replaceAll('\r\n', '\n').replace(activeInLine, '?'));

/** Text of others on one line: its newlines become ` / `, the rest as {@link plainLines}. */
export const plain = (text: string): string =>
  defuse(
    text
      .trim()
      .replace(/\s*[\r\n\v\f\u2028\u2029]\s*/g, ' / ')
      .replaceAll('\t', ' ')
      .replace(active, '?'),
  );

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A value as JSON for people and programs: all that {@link plain} replaces is escaped, so the value stays the same. */
export const plainJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent)
    .replace(activeInLine, escapeUnit)
    .replace(/##(?=(?:vso)?\[)/g, '#\\u0023');
