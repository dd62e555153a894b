import { chmod, chown, lchown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifyCacheOwners } from '../../../src/artifacts/store/owners.ts';
import { trustedUids } from '../../../src/lib/trust/users.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const [sudoCaller, stranger] = [4321, 1234];
const trusted = trustedUids({ SUDO_UID: String(sudoCaller) }, 0);

/** A cache as `up` fills it. */
const makeCache = async () => {
  const home = await temporaryDir();
  const cacheDir = join(home, 'cache');
  const itemDir = join(cacheDir, 'items', 'kubernetes-v1', 'bin');
  const program = join(itemDir, 'kube-apiserver');
  await mkdir(itemDir, { recursive: true });
  await mkdir(join(cacheDir, 'go', 'mod', 'example.com'), { recursive: true });
  await writeFile(program, '', { mode: 0o755 });
  await symlink('kube-apiserver', join(itemDir, 'link'));
  return { home, cacheDir, itemDir, program, link: join(itemDir, 'link'), goDir: join(cacheDir, 'go', 'mod') };
};

type Cache = Awaited<ReturnType<typeof makeCache>>;

describe.skipIf(process.getuid?.() !== 0)('the cache that root runs programs of', () => {
  test.each<readonly [string, (cache: Cache) => Promise<unknown>]>([
    ["root's", async () => undefined],
    [
      "the caller's of sudo",
      ({ program, itemDir }) => Promise.all([program, itemDir].map((path) => chown(path, sudoCaller, sudoCaller))),
    ],
    ['one that is not there yet', async ({ cacheDir }) => chmod(cacheDir, 0o700)],
    ['below a sticky folder such as /tmp', ({ home }) => chmod(home, 0o1777)],
  ])('%s: is used', async (_, change) => {
    const cache = await makeCache();
    await change(cache);
    await verifyCacheOwners(cache.cacheDir, trusted);
    await verifyCacheOwners(join(cache.home, 'other'), trusted);
    expect(trusted).toContain(sudoCaller);
  });

  const give = (path: string) => lchown(path, stranger, stranger);

  test.each<readonly [keyof Cache, string, (path: string) => Promise<void>]>([
    ['program', 'belongs to user 1234', give],
    ['itemDir', 'belongs to user 1234', give],
    ['link', 'belongs to user 1234', give],
    ['home', 'belongs to user 1234', give],
    ['program', 'can be changed by other users (mode 777, group 0)', (path) => chmod(path, 0o777)],
    ['cacheDir', 'can be changed by other users (mode 777, group 0)', (path) => chmod(path, 0o777)],
    ['goDir', 'can be changed by other users (mode 777, group 0)', (path) => chmod(path, 0o777)],
    ['home', 'can be changed by other users (mode 757, group 0)', (path) => chmod(path, 0o757)],
  ])('%s %s: is refused', async (which, why, change) => {
    const cache = await makeCache();
    const { [which]: path, cacheDir } = cache;
    await change(path);
    await expect(verifyCacheOwners(cacheDir, trusted)).rejects.toMatchObject({
      id: 'environment.cache-owner',
      message: `root would run programs of the cache ${cacheDir}, but ${path} ${why}`,
      hint: expect.stringContaining(which === 'home' ? `chmod go-w ${path}` : `chown -R root: ${cacheDir}`),
    });
    await verifyCacheOwners(cacheDir, undefined);
  });
});
