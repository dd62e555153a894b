import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

const canRun = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** npm and npx put their own folders in front of PATH: what is only there, the user's shell does not find. */
const isOnPath = ({ PATH = '' }: Env): boolean =>
  PATH.split(':').some(
    (folder) => folder && !/\/node_modules\/\.bin\/?$/.test(folder) && canRun(join(folder, 'taskgate')),
  );

const called =
  /(?<![\w./-]|npx |npx -- |process \d+ \()taskgate (?=(?:up|down|status|smoke|env|logs|prefetch|tunnel|config|exposure|cache|gateway|images|master|help)\b|--)/g;

/**
 * A text for people with taskgate's commands as they can be typed: `taskgate` where the shell finds it (installed globally),
 * else `npx taskgate`, in a checkout, below a project that depends on it, and where npx got it.
 */
export const asTyped = (text: string, env: Env): string =>
  isOnPath(env) ? text : text.replace(called, 'npx taskgate ');
