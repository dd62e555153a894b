// Merges or unmerges an entry: change-kubeconfig.ts merge|unmerge FILE. Says the error's id where there is one.
import { UserError } from '../../../src/lib/errors.ts';
import { changeKubeconfig } from '../../../src/lib/kube/kubeconfig/change.ts';
import { mergeKubeconfig, unmergeKubeconfig } from '../../../src/lib/kube/kubeconfig/merge.ts';
import { trustedUids } from '../../../src/lib/trust/users.ts';
import { added } from '../kubeconfig.ts';

const [act, path = ''] = process.argv.slice(2);
const { signal } = new AbortController();
const edit = (text: string): string =>
  act === 'merge' ? mergeKubeconfig(text, added) : unmergeKubeconfig(text, 'taskgate-dev');
try {
  await changeKubeconfig(path, edit, { signal, trusted: trustedUids({}) });
  process.stdout.write('changed');
} catch (error) {
  process.stdout.write(error instanceof UserError ? error.id : String(error));
}
