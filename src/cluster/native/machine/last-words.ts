import { hasCode, messageOf } from '../../../lib/errors.ts';
import { CommandError } from '../../../lib/process/runner.ts';

const refusals = ['EACCES', 'EPERM', 'EROFS', 'EIO', 'EBUSY', 'EINVAL', 'ENOSPC', 'ENOENT'];

/** Lines of mount(8) that say nothing of this failure. */
const isRemark = (line: string): boolean => line.includes('dmesg(1) may have more information');

/** What the program of a trial wrote last, without the script that ran it; a refused file operation in Node's words. */
export const lastWords = (error: unknown): string => {
  if (refusals.some((code) => hasCode(error, code))) return messageOf(error);
  if (!(error instanceof CommandError)) throw error;
  if (error.timedOut) return 'it did not end within 30 seconds';
  const lines = error.stderr.split('\n').map((line) => line.trim());
  return (
    lines
      .filter((line) => line && !isRemark(line))
      .slice(-2)
      .join('; ') || `it ended with ${error.exitCode}`
  );
};
