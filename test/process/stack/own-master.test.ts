import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runMaster } from '../../../src/commands/up/master/run-master.ts';
import { findMasterKeeper } from '../../../src/determined/stop.ts';
import { determinedPaths } from '../../../src/instance/paths.ts';
import { isThere } from '../../../src/lib/files.ts';
import { makeOwnMaster, type OwnMaster } from '../../support/stack/own-master.ts';
import { findInstalledServer } from '../../support/stack/stack.ts';
import { madeSoFar, runInOrder } from '../../support/up-context.ts';

const hasServer = (await findInstalledServer()) !== undefined;

const keeperOf = async ({ instance }: OwnMaster) => (await findMasterKeeper(instance))?.process.pid;

/** The step of `up` that runs the master, as `up` runs it: with what is done where it fails. */
const runStep = (own: OwnMaster, change: Parameters<OwnMaster['contextOf']>[0], signal?: AbortSignal) => {
  const results = madeSoFar({ instance: own.instance });
  const context = { ...own.contextOf(change), startedAt: new Date() };
  return runInOrder(context, [runMaster], { results, ...(signal && { signal }) });
};

test.skipIf(!hasServer)('whatever fails before a start leaves the master that runs alone', async () => {
  const own = await makeOwnMaster();
  expect(await own.ensure()).toMatchObject({ how: 'started', isNew: true });
  const before = await keeperOf(own);
  expect(before).toBeGreaterThan(0);
  const noProgram = runStep(own, { master: { program: join(own.home, 'none') } });
  await expect(noProgram).rejects.toMatchObject({ id: 'usage.master-program' });
  await expect(runStep(own, { master: { also: ['gone'] } })).rejects.toMatchObject({ id: 'environment.no-instance' });
  await expect(own.ensure({}, AbortSignal.abort(new Error('Ctrl-C')))).rejects.toThrow('Ctrl-C');
  expect(await keeperOf(own)).toBe(before);
  expect(await own.ensure()).toMatchObject({ how: 'running' });
});

test.skipIf(!hasServer)('Ctrl-C while a running master is waited for leaves it alone', async () => {
  const own = await makeOwnMaster();
  await own.ensure();
  const before = await keeperOf(own);
  const interrupt = new AbortController();
  const again = runStep(own, {}, interrupt.signal);
  setTimeout(() => interrupt.abort(new Error('Ctrl-C')), 5);
  await again.catch((error) => expect(String(error)).toContain('Ctrl-C'));
  expect(await keeperOf(own)).toBe(before);
});

test.skipIf(!hasServer)(
  'one of the instances that a master serves is gone: the others keep it, with a warning',
  async () => {
    const own = await makeOwnMaster();
    await own.add('two', 1);
    const change = { master: { also: ['two', 'gone'] }, origins: { 'master.also': 'instance' } };
    expect(await own.ensure(change)).toMatchObject({ how: 'started' });
    expect(own.warnings).toEqual([
      expect.stringMatching(/^the master of one runs without instance gone .*: instance gone does not exist/),
    ]);
    const { configPath } = determinedPaths(own.instance.dir);
    expect(await readFile(configPath, 'utf8')).toMatch(/cluster_name: "?two/);
    expect(await own.ensure(change)).toMatchObject({ how: 'running' });
  },
);

test.skipIf(!hasServer)('a database of the user is remembered, and let go by --reset dbUrl', async () => {
  const own = await makeOwnMaster();
  const { configPath, databaseUrlPath } = determinedPaths(own.instance.dir);
  await own.ensure({ dbUrl: 'postgres://me:pw@127.0.0.1:1/mine' });
  await own.ensure();
  expect(await readFile(configPath, 'utf8')).toMatch(/name: "?mine/);
  expect(await own.ensure({ reset: ['dbUrl'] })).toMatchObject({ how: 'started', isNew: true });
  expect(await readFile(configPath, 'utf8')).not.toMatch(/name: "?mine/);
  expect(await isThere(databaseUrlPath)).toBe(false);
});
