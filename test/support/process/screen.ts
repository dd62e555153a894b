const esc = '\u001b';

/** Text, a newline, or a sequence of the live list: up some lines, or one that changes no text. */
const parts = new RegExp(`${esc}\\[(\\d*)([A-Z])|${esc}\\[\\?\\d+[a-z]|\\n|\\r|[^${esc}\\n\\r]+`, 'g');

/** The lines that a terminal of endless height shows after this: knows only what the live list writes. */
export const screenOf = (written: string): readonly string[] => {
  let lines: string[] = [''];
  for (const [part, count, command] of written.matchAll(parts)) {
    if (part === '\n') lines.push('');
    else if (command === 'A') lines = [...lines.slice(0, -1 - Number(count)), ''];
    else if (!part.startsWith(esc) && part !== '\r') lines[lines.length - 1] += part;
  }
  return lines.slice(0, -1);
};
