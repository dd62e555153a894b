import { UserError } from '../lib/errors.ts';
import { Interrupted } from '../lib/process/interrupted.ts';
import { bugExitCode } from '../lib/process/uncaught.ts';

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

/** EX_IOERR: the work is done, and its output could not be written. */
export const outputExitCode = 74;
const signalExitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const isKind = (kind: string): kind is keyof typeof exitCodes => Object.hasOwn(exitCodes, kind);

/** The exit code for anything thrown; what is neither a UserError nor a signal is a bug in taskgate (70). */
export const exitCodeOf = (error: unknown): number => {
  if (error instanceof Interrupted) return signalExitCodes[error.signal];
  if (!(error instanceof UserError)) return bugExitCode;
  const [kind = ''] = error.id.split('.');
  return isKind(kind) ? exitCodes[kind] : bugExitCode;
};
