/** What differs from run to run and from machine to machine, in the order in which it is replaced. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/\bdet-[0-9a-f]{8}-cmd-UUID(-[a-z0-9]{5}\b)?/g, 'det-ID-cmd-UUID'],
  [/\b(Command|Shell|JupyterLab) \([a-z]+-[a-z]+-[a-z]+\)/g, '$1 (NAME)'],
  [/\bpassword [A-Za-z0-9]{24} \(/g, 'password SECRET ('],
  [/-{3,}/g, '---'],
  [/\benvoy-contour-[a-z0-9]+/g, 'envoy-contour-ID'],
  [/\((?:as wanted|auto: [^)]*)\)/g, '(BECAUSE)'],
  [/\d+(?:\.\d+)*/g, 'N'],
  [/\s+/g, ' '],
];

/** A line without its numbers, times, random names and columns, and with `home` as `/root`, as the pages have it. */
export const shapeOf = (line: string, home = '/root'): string =>
  varying.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), line.replaceAll(home, '/root').trim());

/** The lines that a page shows and the output lacks. Steps that run side by side end in any order; `...` is any lines. */
export const missingLines = (shown: readonly string[], output: string, home?: string): readonly string[] => {
  const actual = new Set(output.split('\n').map((line) => shapeOf(line, home)));
  return shown.filter((line) => line.trim() !== '...' && !actual.has(shapeOf(line)));
};
