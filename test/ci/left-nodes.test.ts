import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { downCommand, findLeftNodes } from '../../scripts/ci/left-nodes.ts';
import { runDir, temporaryDir } from '../support/temporary-dir.ts';

const makeInstance = async (dir: string, path: string, record: string): Promise<void> => {
  const instance = join(dir, path);
  await mkdir(instance, { recursive: true });
  await writeFile(join(instance, 'instance.json'), record);
};

const native = '{"provider":"native"}';

test('native nodes of suites, none of Minikube, none of others’ folders, none without a record', async () => {
  const dir = await temporaryDir();
  await makeInstance(dir, 'tg-run-x-e2e-a/taskgate/instances/dev', native);
  await makeInstance(dir, 'docs-state/taskgate/instances/east', native);
  await makeInstance(dir, 'tg-run-x-e2e-b/taskgate/instances/mini', '{"provider":"minikube"}');
  await makeInstance(dir, 'tg-run-x-e2e-b/taskgate/instances/half', '{"provi');
  await makeInstance(dir, 'mine/taskgate/instances/own', native);
  expect(findLeftNodes(dir, 0)).toEqual([
    { stateHome: join(dir, 'tg-run-x-e2e-a'), name: 'dev' },
    { stateHome: join(dir, 'docs-state'), name: 'east' },
  ]);
});

test('the folders that the suites make are those that are looked through', async () => {
  const made = await runDir('e2e');
  await rm(made, { recursive: true });
  const dir = await temporaryDir();
  await makeInstance(dir, `${basename(made)}/taskgate/instances/dev`, native);
  expect(findLeftNodes(dir, 0)).toEqual([{ stateHome: join(dir, basename(made)), name: 'dev' }]);
});

test('one that was there before the stage is not its own', async () => {
  const dir = await temporaryDir();
  await makeInstance(dir, 'tg-run-x-e2e-a/taskgate/instances/dev', native);
  expect(findLeftNodes(dir, Date.now() + 60_000)).toEqual([]);
});

test('it is taken down in its own state folder', () => {
  const command = downCommand({ stateHome: '/tmp/tg-run-x-e2e-a', name: 'dev' });
  expect(command.slice(0, 2)).toEqual(['env', 'XDG_STATE_HOME=/tmp/tg-run-x-e2e-a']);
  expect(command.slice(-3)).toEqual(['down', '--name', 'dev']);
});
