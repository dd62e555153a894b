import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { findTaskImageProblems } from '../../src/config/task-image.ts';
import { pins } from '../../src/config/versions.ts';
import { taskImageRef } from '../../src/model/images/task-image.ts';
import { temporaryDir } from '../support/temporary-dir.ts';

const load = async (flags: Readonly<Record<string, string>>) =>
  loadConfig({ cwd: await temporaryDir(), env: {}, flags, check: findTaskImageProblems });

test('without it the image of tasks is as it was', async () => {
  const { config, origins } = await load({});
  expect(config.master.taskImage).toBe('determinedai/pytorch-ngc-dev:0736b6d');
  expect(origins['master.taskImage']).toBe('default');
});

test.each([false, true])('it is the image of tasks, with JupyterLab: %s', async (withJupyterlab) => {
  const { config, origins } = await load({ smallTaskImage: 'true', withJupyterlab: String(withJupyterlab) });
  expect(config.master.taskImage).toBe(taskImageRef(pins.taskImage, { withJupyterlab }));
  expect(origins['master.taskImage']).toBe('smallTaskImage');
});

test('another image beside it is refused', () =>
  expect(load({ smallTaskImage: 'true', 'master.taskImage': 'mine:1' })).rejects.toMatchObject({
    id: 'usage.config',
    message: '--small-task-image: smallTaskImage: is not mine:1, which master.taskImage names; give one of the two',
  }));

test('the nodes of an attached cluster do not get it, which is said', async () => {
  const { warnings } = await load({ smallTaskImage: 'true', provider: 'attach' });
  expect(warnings).toEqual([
    "--small-task-image: smallTaskImage: is not loaded into nodes that are not taskgate's; taskgate images build task --output FILE writes it, for the tools of that cluster",
  ]);
});
