import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await temporaryDir();
});

describe('a taskgate.yaml that nobody named', () => {
  const isRoot = process.getuid?.() === 0;
  const me = process.getuid?.() ?? -1;
  const [sudoCaller, stranger] = [4321, 1234];

  type Place = { readonly owner?: number; readonly group?: number; readonly mode: number };

  const place = async (file: Place, folder: Place): Promise<string> => {
    const path = join(cwd, 'taskgate.yaml');
    await writeFile(path, 'name: theirs\n');
    for (const [of, { owner = me, group = owner, mode }] of [[path, file] as const, [cwd, folder] as const]) {
      await chmod(of, mode);
      if (isRoot) await chown(of, owner, group);
    }
    return path;
  };

  const [usualFile, usualFolder] = [{ mode: 0o644 }, { mode: 0o755 }];
  const env = { SUDO_UID: String(sudoCaller) };

  test.each<readonly [what: string, file: Place, folder: Place]>([
    ['of this user', usualFile, usualFolder],
    ['with a umask of 002, in a group of the own', { mode: 0o664 }, { mode: 0o775 }],
    ...(isRoot
      ? ([
          ['of who called sudo', { owner: sudoCaller, mode: 0o664 }, { owner: sudoCaller, mode: 0o775 }],
          ['of root, in the folder of who called sudo', usualFile, { owner: sudoCaller, mode: 0o755 }],
        ] as const)
      : []),
  ])('is read: %s', async (_, file, folder) => {
    await place(file, folder);
    expect((await loadConfig({ cwd, env, flags: {}, check: () => [] })).config.name).toBe('theirs');
  });

  test.each<readonly [what: string, file: Place, folder: Place]>([
    ['can be changed by other users (mode 666, group', { mode: 0o666 }, usualFolder],
    ['the folder of', usualFile, { mode: 0o757 }],
    ['can be changed by other users (mode 1777, group', usualFile, { mode: 0o1777 }],
    ...(isRoot
      ? ([
          ['belongs to user 1234', { owner: stranger, mode: 0o644 }, usualFolder],
          ['belongs to user 1234', usualFile, { owner: stranger, mode: 0o755 }],
          ['can be changed by other users (mode 664, group 100)', { group: 100, mode: 0o664 }, usualFolder],
          ['can be changed by other users (mode 2775, group 100)', usualFile, { group: 100, mode: 0o2775 }],
        ] as const)
      : []),
  ])('is refused: %s; named it is read', async (what, file, folder) => {
    const path = await place(file, folder);
    const refused = loadConfig({ cwd, env, flags: {}, check: () => [] });
    await expect(refused).rejects.toMatchObject({
      id: 'usage.config-owner',
      message: expect.stringMatching(
        new RegExp(`^(the folder of )?${path} .*, and settings can name programs to run$`),
      ),
      hint: expect.stringContaining('--config taskgate.yaml'),
    });
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining(what) });
    const named = await loadConfig({ cwd, env, flags: {}, check: () => [], file: 'taskgate.yaml' });
    expect(named.config.name).toBe('theirs');
  });

  test.runIf(isRoot)('without sudo its caller is a stranger', async () => {
    await place({ owner: sudoCaller, mode: 0o644 }, { owner: sudoCaller, mode: 0o755 });
    await expect(loadConfig({ cwd, env: {}, flags: {}, check: () => [] })).rejects.toMatchObject({
      id: 'usage.config-owner',
    });
  });
});
