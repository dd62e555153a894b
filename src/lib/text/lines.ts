// Tested in test/process/tethered.test.ts
/** Of an endless line only the last part is kept. */
const longestLine = 8_192;

/** Passes complete lines of a text that comes in parts on, without the white space at their ends. */
export const splitLines = (onLine: (line: string) => void, longest = longestLine): ((text: string) => void) => {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-longest);
    for (const line of lines) onLine(line.trimEnd());
  };
};
