// Tested in test/process/uncaught.test.ts
/** EX_SOFTWARE of sysexits.h. */
export const bugExitCode = 70;

/**
 * Calls `handle` with the first error that nothing caught, of a callback or a promise; further ones are left out, since
 * they mostly follow from it. Without this Node.js ends the process at once, with everything half done.
 */
export const onUncaught = (handle: (error: unknown) => void): void => {
  let isFirst = true;
  const take = (error: unknown): void => {
    if (!isFirst) return;
    isFirst = false;
    handle(error);
  };
  process.on('uncaughtException', take).on('unhandledRejection', take);
};
