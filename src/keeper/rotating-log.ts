import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

const defaultLimitBytes = 8 * 1024 * 1024;

export type RotatingLog = { readonly write: (chunk: Uint8Array) => void; readonly close: () => void };

/** Appends to a file; past `limitBytes` the file becomes `<path>.1` (replacing the last one) and a new one begins. */
export const openRotatingLog = (path: string, limitBytes = defaultLimitBytes): RotatingLog => {
  let file = openSync(path, 'a', 0o600);
  let written = 0;
  return {
    write: (chunk) => {
      written += writeSync(file, chunk);
      if (written < limitBytes) return;
      closeSync(file);
      renameSync(path, `${path}.1`);
      file = openSync(path, 'a', 0o600);
      written = 0;
    },
    close: () => closeSync(file),
  };
};
