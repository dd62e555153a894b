/**
 * Takes rights away from what this process and its children create, whatever umask it was started with: early WSL has 000,
 * and groups of several people often 002. The first thing that a program does: files of modules that load come later.
 */
export const tightenUmask = (denied: number): void => {
  process.umask(process.umask() | denied);
};
