import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { ArtifactSource } from '../../../src/artifacts/item.ts';
import { type FillOptions, fillCache } from '../../../src/artifacts/store/ensure.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { fails, gives, item, refusal, setUpFilling as setUp } from '../../support/artifacts/filling.ts';
import { failureOf } from '../../support/failure-of.ts';

test('uses the first source that works, and reports why others failed', async () => {
  const { filling, lines } = await setUp();
  const etcd = item('etcd', fails('release', refusal('no network')), gives('go', 'built'), gives('wheel', 'never'));
  const { etcd: stored } = await fillCache({ etcd }, filling);
  expect(await readFile(join(stored.dir, 'file'), 'utf8')).toBe('built');
  expect(stored.source).toBe('go');
  expect(lines()).toEqual([
    'etcd skipped-source release: no network',
    'etcd building checking v1',
    'etcd done v1 from go',
  ]);
  expect((await readdir(filling.cacheDir)).sort()).toEqual(['items', 'scratch']);
});

test('what is there already is not fetched again', async () => {
  const { filling, lines } = await setUp();
  await fillCache({ etcd: item('etcd', gives('go', 'built')) }, filling);
  await fillCache({ etcd: item('etcd', fails('go', new Error('must not be asked'))) }, filling);
  expect(lines().at(-1)).toBe('etcd cached v1');
});

test('one error lists every source with its reason, and gives the last one’s way out', async () => {
  const { filling, lines } = await setUp();
  const etcd = item('etcd', fails('release', refusal('404')), fails('go', refusal('no go')));
  expect(await failureOf(fillCache({ etcd }, filling))).toMatchObject({
    id: 'artifact.unavailable',
    message: 'cannot get etcd v1: release: 404; go: no go',
    hint: 'hint of no go',
  });
  expect(lines().at(-1)).toBe('etcd failed cannot get etcd v1: release: 404; go: no go');
  const nothing = await failureOf(fillCache({ none: item('none') }, filling));
  expect(nothing.message).toBe('cannot get none v1: no source is available');
});

test('a bug is not reported as a failed source', async () => {
  const { filling } = await setUp();
  const etcd = item('etcd', fails('release', new TypeError('a bug')), gives('go', 'built'));
  expect(await failureOf(fillCache({ etcd }, filling))).toBeInstanceOf(TypeError);
});

test('a changed digest and a full disk end it: no other source is asked', async () => {
  const { filling } = await setUp();
  const changed = new UserError('changed', { id: 'artifact.digest-changed' });
  const first = item('etcd', fails('release', changed), gives('go', 'built'));
  expect(await failureOf(fillCache({ first }, filling))).toBe(changed);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const second = item('etcd', fails('release', full), gives('go', 'built'));
  expect(await failureOf(fillCache({ second }, filling))).toMatchObject({ id: 'artifact.disk-full' });
});

test('items go side by side; one that others are made of is made once', async () => {
  const { filling } = await setUp();
  let made = 0;
  const part = item('part', {
    ...gives('go', 'x'),
    make: (dir, work) => {
      made += 1;
      return gives('go', 'x').make(dir, work);
    },
  });
  const whole: ArtifactSource = {
    name: 'assembled',
    make: async (dir, work) => {
      await Promise.all([work.ensure(part), work.ensure(part)]);
      await gives('assembled', 'whole').make(dir, work);
    },
  };
  await fillCache({ one: item('one', whole), two: item('two', whole), part }, filling);
  expect(made).toBe(1);
});

test('a failure ends the others, and waits until they have ended', async () => {
  const { filling } = await setUp();
  let ended = false;
  const slow: ArtifactSource = {
    name: 'go',
    make: async (_, work) => {
      await new Promise((resolve) => work.signal.addEventListener('abort', resolve));
      ended = true;
      work.signal.throwIfAborted();
    },
  };
  const wanted = { slow: item('slow', slow), bad: item('bad', fails('release', refusal('no'))) };
  expect((await failureOf(fillCache(wanted, filling))).message).toBe('cannot get bad v1: release: no');
  expect(ended).toBe(true);
  expect(await readdir(filling.cacheDir)).not.toContain('lock');
});

test('a part of an item that failed with another part is waited for too', async () => {
  const { filling } = await setUp();
  let ended = false;
  const slow = item('slow', {
    name: 'wheel',
    make: async (_, work) => {
      await new Promise((resolve) => work.signal.addEventListener('abort', resolve));
      await new Promise((resolve) => setTimeout(resolve, 50));
      ended = true;
      work.signal.throwIfAborted();
    },
  });
  const whole: ArtifactSource = {
    name: 'assembled',
    make: async (_, work) => {
      await Promise.all([work.ensure(item('bad', fails('go', refusal('no')))), work.ensure(slow)]);
    },
  };
  expect((await failureOf(fillCache({ whole: item('whole', whole) }, filling))).message).toContain('go: no');
  expect(ended).toBe(true);
});

test('an interrupt keeps finished items and releases the lock, and the next run continues', async () => {
  const controller = new AbortController();
  const { filling } = await setUp({ signal: controller.signal });
  const never: ArtifactSource = {
    name: 'go',
    make: async (dir, work) => {
      await gives('go', 'half').make(dir, work);
      await new Promise((resolve) => work.signal.addEventListener('abort', resolve));
      work.signal.throwIfAborted();
    },
  };
  const done = item('done', gives('go', 'whole'));
  const report: FillOptions['report'] = ({ name, state }) => {
    if (name === 'done' && state === 'done') controller.abort(new Error('interrupted'));
  };
  const first = fillCache({ done, slow: item('slow', never) }, { ...filling, report });
  expect((await failureOf(first)).message).toBe('interrupted');
  expect(await readdir(filling.cacheDir)).not.toContain('lock');
  const { filling: next, lines } = await setUp({ cacheDir: filling.cacheDir });
  const stored = await fillCache({ done, slow: item('slow', gives('go', 'whole')) }, next);
  expect(await readFile(join(stored.slow.dir, 'file'), 'utf8')).toBe('whole');
  expect(lines()).toContain('done cached v1');
});

test('a second run waits for the first, and finds everything there', async () => {
  const { filling } = await setUp();
  const { filling: other, lines } = await setUp({ cacheDir: filling.cacheDir });
  let asked = 0;
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: ArtifactSource = {
    name: 'go',
    make: async (dir, work) => {
      asked += 1;
      begun.resolve();
      await released.promise;
      await gives('go', 'x').make(dir, work);
    },
  };
  const fill = (each: typeof filling) => fillCache({ etcd: item('etcd', slow) }, each);
  const first = fill(filling);
  await begun.promise;
  const second = fill(other);
  await vi.waitUntil(() => lines().some((line) => line.startsWith('cache waiting ')));
  released.resolve();
  await Promise.all([first, second]);
  expect(asked).toBe(1);
  expect(lines().at(-1)).toMatch(/^etcd (cached|done) /);
  const waited = lines().filter((line) => line.startsWith('cache '));
  expect(waited).toEqual([
    `cache waiting process ${process.pid}, which fills ${filling.cacheDir}`,
    `cache done waiting for process ${process.pid}`,
  ]);
});

test('a cache that cannot be written is named', async () => {
  const { filling } = await setUp();
  const readOnly = Object.assign(new Error('EROFS: read-only file system, mkdir'), {
    code: 'EROFS',
    path: join(filling.cacheDir, 'items'),
  });
  const error = await failureOf(fillCache({ etcd: item('etcd', fails('go', readOnly)) }, filling));
  expect(error).toMatchObject({ id: 'artifact.cache-read-only', hint: expect.stringContaining('XDG_CACHE_HOME') });
  expect(error.message).toContain(`cannot write to ${filling.cacheDir}`);
});
