/** What the master writes to stderr: lines of Go's logrus, as master/pkg/logger/config.go sets it up (full time, colour unless switched off). */

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
export type Fields = Readonly<Record<string, string | number>>;
export type Log = Readonly<Record<'debug' | 'info' | 'warn' | 'error', (message: string, fields?: Fields) => void>>;

export const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
/** As logrus shows them: at most four letters, and their colour. */
const shown = {
  debug: ['DEBU', 37],
  info: ['INFO', 36],
  warn: ['WARN', 33],
  error: ['ERRO', 31],
} as const;
const logfmt = { debug: 'debug', info: 'info', warn: 'warning', error: 'error' } as const;

const quoted = (value: string | number): string =>
  /^[\w./@^+-]+$/.test(String(value)) ? String(value) : JSON.stringify(String(value));
const now = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

const coloured = (level: keyof typeof shown, message: string, fields: Fields): string => {
  const [name, colour] = shown[level];
  const rest = Object.entries(fields).map(([key, value]) => ` \x1b[${colour}m${key}\x1b[0m=${quoted(value)}`);
  return `\x1b[${colour}m${name}\x1b[0m[${now()}] ${message.padEnd(44)} ${rest.join('')}`;
};

const plain = (level: keyof typeof shown, message: string, fields: Fields): string => {
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${quoted(value)}`);
  return `time="${now()}" level=${logfmt[level]} msg=${quoted(message)}${rest.join('')}`;
};

/** The logger of a run; `sink` gets whole lines. */
export const makeLog = (
  { level, color }: { readonly level: LogLevel; readonly color: boolean },
  sink: (line: string) => void,
): Log => {
  const write =
    (at: keyof typeof shown) =>
    (message: string, fields: Fields = {}) => {
      if (logLevels.indexOf(at) < logLevels.indexOf(level)) return;
      sink(`${(color ? coloured : plain)(at, message, fields)}\n`);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
};
