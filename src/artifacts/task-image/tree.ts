import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { findTextFile, isThere } from '../../lib/files.ts';

/** Folders that are links into /usr; packages of some releases have files in both. */
const merged = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'] as const;

/** Moves all that is in a folder into another one, whose own folders it joins. */
const moveInto = async (from: string, to: string): Promise<void> => {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await moveInto(source, target);
    else await rename(source, target);
  }
  await rmdir(from);
};

/** Makes /bin, /lib and the like links into /usr, as they are on an installed system. */
export const mergeUsr = async (root: string): Promise<void> => {
  for (const name of merged) {
    const path = join(root, name);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isDirectory()) continue;
    await moveInto(path, join(root, 'usr', name));
    await symlink(`usr/${name}`, path);
  }
};

/** Links that the alternatives system would make. A shell and a notebook of Determined call /bin/which. */
const alternatives = [
  ['usr/bin/which', 'which.debianutils'],
  ['usr/bin/awk', 'mawk'],
] as const;

/** Documents, but for licences, and messages in other languages: a third of the packages. */
const isDocument = (path: string): boolean =>
  /^usr\/share\/(man|info|locale|lintian|bug|pixmaps|bash-completion)\//.test(path) ||
  (/^usr\/share\/doc\//.test(path) && !path.endsWith('/copyright'));

const removeDocuments = async (root: string): Promise<void> => {
  const entries = await readdir(join(root, 'usr/share'), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths) if (isDocument(relative(root, path))) await rm(path);
};

/** The accounts of a container: root, who runs tasks, and sshd's for what it does before a login. */
const accounts: Readonly<Record<string, string>> = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/bash',
    'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  ].join('\n'),
  'etc/group': ['root:x:0:', 'tty:x:5:', 'shadow:x:42:', 'nogroup:x:65534:'].join('\n'),
  // no password opens them; a `!` would close root to its key, too
  'etc/shadow': ['root:*:19000:0:99999:7:::', 'sshd:*:19000::::::', 'nobody:*:19000:0:99999:7:::'].join('\n'),
  'etc/nsswitch.conf': ['passwd: files', 'group: files', 'shadow: files', 'hosts: files dns'].join('\n'),
};

const writeBelow = async (root: string, path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
};

/** The authorities that ca-certificates' own script would put together. */
const bundleCertificates = async (root: string): Promise<void> => {
  const dir = join(root, 'usr/share/ca-certificates/mozilla');
  if (!(await isThere(dir))) return;
  const names = (await readdir(dir)).filter((name) => name.endsWith('.crt')).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(dir, name), 'utf8')));
  await writeBelow(root, 'etc/ssl/certs/ca-certificates.crt', texts.join(''));
};

/** Does what the scripts of the packages would have done, as far as a task needs it. */
export const settle = async (root: string): Promise<void> => {
  for (const [path, target] of alternatives) {
    const isWanted = !(await isThere(join(root, path))) && (await isThere(join(root, dirname(path), target)));
    if (isWanted) await symlink(target, join(root, path));
  }
  await removeDocuments(root);
  for (const [path, text] of Object.entries(accounts)) await writeBelow(root, path, `${text}\n`);
  await bundleCertificates(root);
  if ((await findTextFile(join(root, 'etc/ssh/sshd_config'))) === undefined) {
    const usual = await findTextFile(join(root, 'usr/share/openssh/sshd_config'));
    if (usual !== undefined) await writeBelow(root, 'etc/ssh/sshd_config', usual);
  }
  for (const path of ['run/sshd', 'root', 'tmp', 'proc', 'sys', 'dev', 'var/tmp']) {
    await mkdir(join(root, path), { recursive: true });
  }
};
