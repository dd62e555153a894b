import { parseLocated } from '../schema/document.ts';
import { inOrder, type Problem } from '../schema/problem.ts';
import { checkDevcluster, isDevcluster } from './devcluster.ts';
import { checkMaster } from './master.ts';

/**
 * Everything that is wrong with a `master.yaml` or with a devcluster file (which has `stages`), each with its place. Throws
 * nothing: text that is no YAML is a problem too. Valid means that no problem is an error.
 */
export const validateMasterConfig = (text: string): readonly Problem[] => {
  const { root, problems } = parseLocated(text);
  if (!root) return problems;
  return inOrder([...problems, ...(isDevcluster(root) ? checkDevcluster(root) : checkMaster(root))]);
};
