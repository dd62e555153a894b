import { plain } from '../lib/text/plain.ts';
import { trustPath } from '../lib/trust/path.ts';
import { trustedByRoot } from '../lib/trust/users.ts';

/**
 * Takes the folders out of root's PATH in which other users could put programs: docker, ssh, go and the others are run from
 * there, and npm puts `node_modules/.bin` of every folder above in front, such as that of /tmp. Says which, on stderr.
 * Tested in test/process/root-path.test.ts.
 */
export const usePathOfRoot = (env: NodeJS.ProcessEnv, isJson: boolean): void => {
  const { PATH } = env;
  if (!PATH) return;
  const { path, left } = trustPath(PATH, trustedByRoot(env));
  env['PATH'] = path;
  if (isJson) return;
  for (const { folder, path: part, why } of left) {
    const what = part === folder ? `it ${why}` : `${part} ${why}`;
    process.stderr.write(`${plain(`note: root does without ${folder || '.'} of PATH: ${what}`)}\n`);
  }
};
