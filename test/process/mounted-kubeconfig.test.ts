import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { config, contextNames } from '../support/kubeconfig.ts';
import { inNamespaces, root, test } from '../support/process/user.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const isRoot = process.getuid?.() === 0;
const users = config(['work'], 'work');

const setUp = async () => {
  const dir = await temporaryDir();
  const path = join(dir, 'config');
  await writeFile(path, users);
  return { dir, path };
};

/** In a mount namespace of its own, which `mounts` prepares. */
const change = async (act: 'merge' | 'unmerge', path: string, mounts: string): Promise<string> => {
  const [program = '', ...args] = inNamespaces(mounts);
  const script = join(root, 'test', 'support', 'process', 'change-kubeconfig.ts');
  return (await execa(program, [...args, process.execPath, script, act, path])).stdout;
};

/** As a dev container mounts ~/.kube/config. */
const singleFile = (path: string): string => `mount --bind '${path}' '${path}'`;
const readOnly = (dir: string): string => `mount --bind '${dir}' '${dir}'; mount -o remount,bind,ro '${dir}'`;

describe.runIf(isRoot)('a kubeconfig where it cannot be replaced', () => {
  test('mounted as a single file: written in its place, taken out again, no draft and no lock left', async () => {
    const { dir, path } = await setUp();
    expect(await change('merge', path, singleFile(path))).toBe('changed');
    expect(contextNames(await readFile(path, 'utf8'))).toEqual(['work', 'taskgate-dev']);
    expect(await change('unmerge', path, singleFile(path))).toBe('changed');
    expect(contextNames(await readFile(path, 'utf8'))).toEqual(['work']);
    expect(await readdir(dir)).toEqual(['config', 'config.taskgate-backup']);
  });

  test('a single file that can be written in a folder that cannot: no lock is possible, nor needed by anyone', async () => {
    const { dir, path } = await setUp();
    const file = join(await temporaryDir(), 'file');
    await writeFile(file, users);
    expect(await change('merge', path, `${readOnly(dir)}; mount --bind '${file}' '${path}'`)).toBe('changed');
    expect(contextNames(await readFile(file, 'utf8'))).toEqual(['work', 'taskgate-dev']);
    expect(await readFile(path, 'utf8')).toBe(users);
  });

  test('read-only: refused with an id; where nothing is to be taken out, nothing is refused', async () => {
    const { dir, path } = await setUp();
    expect(await change('merge', path, readOnly(dir))).toBe('environment.kubeconfig-not-writable');
    expect(await change('unmerge', path, readOnly(dir))).toBe('changed');
    expect(await readdir(dir)).toEqual(['config']);
  });
});

describe.runIf(isRoot)('up --merge-kubeconfig', () => {
  test.for([
    ['read-only', ({ dir }: { readonly dir: string }) => readOnly(dir), 'environment.kubeconfig-not-writable', 3],
    [
      'locked for ever',
      ({ path }: { readonly path: string }) => `touch -d '1 hour ago' '${path}.lock'`,
      'environment.kubeconfig-locked',
      3,
    ],
    ['no kubeconfig', ({ path }: { readonly path: string }) => `echo '- a list' > '${path}'`, 'usage.kubeconfig', 2],
  ] as const)('%s: refused before anything is made', async ([, mounts, id, exitCode], { user }) => {
    const place = await setUp();
    const ended = await user.run(['up', '--provider', 'native', '--merge-kubeconfig', 'true'], {
      prefix: inNamespaces(mounts(place)),
      env: { KUBECONFIG: place.path },
    });
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringContaining(`[${id}]`) });
    expect((await user.left()).filter((path) => path.includes('instances/'))).toEqual([]);
  });
});
