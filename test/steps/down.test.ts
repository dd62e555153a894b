import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createInstance, instancesDir } from '../../src/keeper/instance.ts';
import { showSteps } from '../../src/steps/display.ts';
import { type DownContext, downSteps, verifyCacheUnused } from '../../src/steps/down.ts';
import { runSteps } from '../../src/steps/step.ts';
import { commandContext } from './context.ts';

const makePlaces = async () => {
  const home = await mkdtemp(join(tmpdir(), 'tg-down-'));
  const places = { stateDir: join(home, 'state'), cacheDir: join(home, 'cache') };
  await mkdir(places.cacheDir);
  const context = (name: string, purgeCache: boolean): DownContext => ({
    ...commandContext({ name, places }),
    purgeCache,
    notes: [],
  });
  return {
    context,
    instances: () => readdir(instancesDir(places.stateDir)),
    left: () => readdir(home),
    begin: (name: string) => createInstance(places.stateDir, { name, provider: 'native', cidr: '10.210.0.0/16' }),
    beginWithoutRecord: (name: string) => mkdir(join(instancesDir(places.stateDir), name), { recursive: true }),
  };
};

const takeDown = (context: DownContext) =>
  runSteps(downSteps, context, { signal: context.signal, display: showSteps(downSteps, 'silent').display });

test('removes a folder without a record: its maker was killed before it wrote one', async () => {
  const { context, instances, beginWithoutRecord } = await makePlaces();
  await beginWithoutRecord('dev');
  await takeDown(context('dev', false));
  expect(await instances()).toEqual([]);
});

test('leaves other instances and the cache, and may be repeated', async () => {
  const { context, instances, left, begin } = await makePlaces();
  await begin('dev');
  await begin('second');
  await takeDown(context('dev', false));
  await takeDown(context('dev', false));
  expect(await instances()).toEqual(['second']);
  expect(await left()).toContain('cache');
});

test('the cache stays while an instance of another name may run from it', async () => {
  const { context, begin } = await makePlaces();
  await begin('dev');
  await begin('second');
  await begin('third');
  await expect(verifyCacheUnused(context('dev', true))).rejects.toMatchObject({
    id: 'environment.cache-in-use',
    message: expect.stringMatching(/\/cache stays while other instances may run from it: second, third$/),
    hint: 'leave --purge-cache out, or first: taskgate down --name second; taskgate down --name third',
  });
  await verifyCacheUnused(context('dev', false));
});

test('the last instance may take the cache with it', async () => {
  const { context, left, begin } = await makePlaces();
  await begin('dev');
  await verifyCacheUnused(context('dev', true));
  await takeDown(context('dev', true));
  expect(await left()).toEqual(['state']);
});
