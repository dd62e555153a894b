import { UserError } from '../lib/errors.ts';

/** Exit code of each kind of error; the kind is the first word of an error's id. */
export const exitCodes = {
  usage: 2,
  environment: 3,
  artifact: 4,
  cluster: 5,
  gateway: 6,
  tunnel: 7,
  proof: 8,
} as const;

const bugExitCode = 70;
const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export type EndingSignal = keyof typeof signalExitCodes;

/** Thrown through everything when the user or the system asks taskgate to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: EndingSignal;

  constructor(signal: EndingSignal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

const isKind = (kind: string): kind is keyof typeof exitCodes => Object.hasOwn(exitCodes, kind);

/** The exit code for anything thrown; what is neither a UserError nor a signal is a bug in taskgate (70, EX_SOFTWARE). */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof Interrupted) return signalExitCodes[error.signal];
  if (!(error instanceof UserError)) return bugExitCode;
  const [kind = ''] = error.id.split('.');
  return isKind(kind) ? exitCodes[kind] : bugExitCode;
};
