import { closeSync, fstatSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { messageOf } from '../lib/errors.ts';

const defaultLimitBytes = 8 * 1024 * 1024;

export type RotatingLogOptions = {
  readonly limitBytes?: number;
  /** Called once, with the reason why output is lost. */
  readonly onLoss: (reason: string) => void;
};

export type RotatingLog = { readonly write: (chunk: Uint8Array) => void };

/**
 * Appends to a file; past `limitBytes` the file is renamed to `<path>.1` (replacing the last one) and a new one is begun.
 * Never throws: the writer must survive a full disk. What cannot be written is dropped.
 */
export const openRotatingLog = (path: string, options: RotatingLogOptions): RotatingLog => {
  const { limitBytes = defaultLimitBytes, onLoss } = options;
  let file: number | undefined;
  let sizeBytes = 0;
  let isLossReported = false;
  const open = (): number => {
    file = openSync(path, 'a', 0o600);
    sizeBytes = fstatSync(file).size;
    return file;
  };
  const rotate = (full: number): number => {
    file = undefined;
    closeSync(full);
    renameSync(path, `${path}.1`);
    return open();
  };
  const orLoss = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!isLossReported) onLoss(messageOf(error));
      isLossReported = true;
    }
  };
  orLoss(open);
  return {
    write: (chunk) =>
      orLoss(() => {
        const current = file ?? open();
        writeFileSync(sizeBytes < limitBytes ? current : rotate(current), chunk);
        sizeBytes += chunk.length;
      }),
  };
};
