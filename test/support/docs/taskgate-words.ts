import packageJson from '../../../package.json' with { type: 'json' };

const scripts: Readonly<Record<string, string>> = packageJson.scripts;

/** Words as a shell makes them, of lines without expansions. */
const wordsOf = (text: string): readonly string[] =>
  [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');

const programs: readonly (readonly string[])[] = [['npx', '--', 'taskgate'], ['npx', 'taskgate'], ['taskgate']];

const ofScript = ([npm, run, script = '', ...more]: readonly string[]): readonly string[] | undefined => {
  if (npm !== 'npm' || run !== 'run') return undefined;
  const [, words] = scripts[script]?.split('scripts/taskgate.js ') ?? [];
  return words === undefined ? undefined : [...wordsOf(words), ...more.filter((word) => word !== '--')];
};

/** What taskgate gets of a simple command, or undefined if that does not call it. */
const ofCommand = (text: string): readonly string[] | undefined => {
  const words = wordsOf(text.replace(/\s(>>?|2>|<)\s.*$/, ''));
  const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const called = words.slice(Math.max(0, start));
  const program = programs.find((names) => names.every((name, index) => called[index] === name));
  return program === undefined ? ofScript(called) : called.slice(program.length);
};

/** The arguments of each call of taskgate in a command line, those in `$(...)` included. */
export const taskgateCalls = (line: string): readonly (readonly string[])[] => {
  const inner = [...line.matchAll(/\$\(([^()]*)\)/g)].map(([, text = '']) => text);
  const simple = [...line.replaceAll(/\$\([^()]*\)/g, 'VALUE').split(/&&|\|\||;|\|/), ...inner];
  return simple.flatMap((text) => {
    const words = ofCommand(text.trim());
    return words === undefined ? [] : [words];
  });
};
