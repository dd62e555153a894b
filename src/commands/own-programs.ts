import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Paths of taskgate's own programs and templates. */
export type OwnPrograms = {
  readonly taskgate: string;
  readonly supervisor: string;
  readonly tunnelDaemon: string;
  readonly templatesDir: string;
};

/**
 * From the URL of a file of src/commands/. A checkout runs TypeScript; an installed package has JavaScript in dist/, and
 * beside it the program that people start.
 */
export const ownPrograms = (moduleUrl: string): OwnPrograms => {
  const code = fileURLToPath(new URL('../..', moduleUrl));
  const extension = extname(moduleUrl);
  const root = extension === '.ts' ? code : join(code, '..');
  return {
    taskgate: join(root, 'scripts', 'taskgate.js'),
    supervisor: join(code, 'scripts', `supervisor${extension}`),
    tunnelDaemon: join(code, 'scripts', `tunnel-daemon${extension}`),
    templatesDir: join(code, 'templates'),
  };
};
