import { parseLocated } from '../schema/document.ts';
import { inOrder, type Problem } from '../schema/problem.ts';
import { checkDevcluster, type Env, isDevcluster } from './devcluster.ts';
import { checkMaster } from './master.ts';

/**
 * All problems of a `master.yaml` or a devcluster file (which has `stages`), with their positions. Text that is not YAML is
 * a problem too, not an exception. A file is valid if no problem is an error. `env`: what devcluster would expand.
 */
export const validateMasterConfig = (text: string, env: Env = {}): readonly Problem[] => {
  const { root, problems } = parseLocated(text);
  if (!root) return problems;
  return inOrder([...problems, ...(isDevcluster(root) ? checkDevcluster(root, env) : checkMaster(root))]);
};
