// Tested in test/lib/kube/kubeconfig/load.test.ts and merge.test.ts
import { messageOf, UserError } from '../../errors.ts';
import { parseYaml } from '../../template.ts';

/** A kubeconfig, an entry of one of its lists, or the body of an entry. */
export type Entry = Readonly<Record<string, unknown>>;

export const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const kubeconfigError = (message: string, hint: string, cause?: unknown): UserError =>
  new UserError(message, { id: 'usage.kubeconfig', hint, ...(cause !== undefined && { cause }) });

/** `what` names the file in errors; an empty file is an empty kubeconfig. Throws UserError `usage.kubeconfig`. */
export const parseKubeconfig = (text: string, what: string, hint: string): Entry => {
  try {
    const file = parseYaml(text) ?? {};
    if (isEntry(file)) return file;
  } catch (error) {
    // an excerpt follows, which may hold a token
    throw kubeconfigError(`${what} is not YAML: ${messageOf(error).split('\n')[0]}`, hint, error);
  }
  throw kubeconfigError(`${what} is not a mapping`, hint);
};

/** The entries of one of a kubeconfig's lists. */
export const entriesOf = (file: Entry, list: string): readonly Entry[] => {
  const entries = file[list];
  return Array.isArray(entries) ? entries.filter(isEntry) : [];
};
