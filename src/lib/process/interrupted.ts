// Tested in test/cli/exit-codes.test.ts
/** Signals that ask a program to end in an orderly way. */
export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Thrown through everything when the user or the system asks taskgate to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: EndingSignal;

  /** What was taken back, what runs on, and how to go on from there. */
  readonly rest: string | undefined;

  constructor(signal: EndingSignal, rest?: string) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
    this.rest = rest;
  }
}
