// Tested in test/process/uncaught.test.ts
/** For errors that nothing caught and for output that is lost: a command itself only returns its exit code. */
export const setExitCode = (exitCode: number): void => {
  process.exitCode = exitCode;
};

/** Ends the process although something may still wait; without a code with the one that was set. */
export const exitNow = (exitCode?: number): never => process.exit(exitCode);
