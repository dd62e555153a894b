import { isAbsolute, resolve } from 'node:path';
import { lookAtRoot } from '../../instance/master-root.ts';
import { findRoots, type NamedRoot } from '../../master/rules/roots.ts';
import { type Problem, warningAt } from '../../master/schema/problem.ts';
import { judgeRoot } from '../master-root/judge.ts';

const judge = async ({ at, path, isDefault, cwd: ofStages }: NamedRoot, cwd: string): Promise<readonly Problem[]> => {
  // a master makes it absolute from its own working directory, which is taken to be this one
  const seen = resolve(cwd, ofStages ?? '', path);
  const look = await lookAtRoot(seen);
  // without the key it is that of an installed master, which may be installed elsewhere
  if (isDefault && !look.found) return [];
  const trouble = judgeRoot(seen, look);
  if (!trouble) return [];
  const from = isAbsolute(path) ? '' : `, if the master is started in ${resolve(cwd, ofStages ?? '')}`;
  return [warningAt({ ...at, path: at.path || 'root' }, `${trouble.message}${from}`, trouble.hint)];
};

/** Warnings about roots from which a master, started in the folder `cwd` of this machine, gives no wheel to tasks. */
export const findRootWarnings = async (text: string, cwd: string): Promise<readonly Problem[]> =>
  (await Promise.all(findRoots(text).map((root) => judge(root, cwd)))).flat();
