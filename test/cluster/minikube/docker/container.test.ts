import { expect, test } from 'vitest';
import { changing, containerId, limits, oldOurs, ours, setUp } from '../../../fakes/minikube.ts';

test.each([
  false,
  true,
])('what another Minikube home has in this Docker is refused; profile named: %s', async (named) => {
  const { provider, calls, journal, state } = await setUp({ host: 'missing', spec: { profileGiven: named } });
  state.leftovers.push('dev');
  await expect(provider.start(limits)).rejects.toMatchObject({
    id: 'cluster.minikube-not-ours',
    message: 'Docker already has container dev, which this Minikube home did not create',
    hint: expect.stringContaining('choose another --minikube-profile'),
  });
  await provider.delete();
  expect(changing(calls)).toEqual([]);
  expect(journal).toEqual([]);
});

test('what a killed start left behind is no obstacle: the journal has the profile', async () => {
  const { provider, calls, state, journal } = await setUp({ host: 'missing', journalled: [oldOurs] });
  state.leftovers.push('dev');
  await provider.start(limits);
  expect(changing(calls).map((line) => line.split(' ')[1])).toEqual(['start']);
  expect(journal).toEqual([ours]);
});

test.each(['start', 'stop', 'delete'] as const)('%s ends no container that took the place of ours', async (what) => {
  const { provider, calls, journal, state } = await setUp({ host: 'Running', journalled: [ours] });
  state.containerId = 'deadbeef'.repeat(8);
  await expect(provider[what](limits)).rejects.toMatchObject({
    id: 'cluster.minikube-not-ours',
    message: 'container dev is another one than this instance made: its id is deadbeefdead, not c0ffeec0ffee',
    hint: expect.stringContaining('docker rm --force --volumes dev, then run this again'),
  });
  expect(changing(calls)).toEqual([]);
  expect(journal).toEqual([ours]);
});

test('nor does the clean-up of an interrupted start', async () => {
  const interrupt = new AbortController();
  const ids = [containerId, 'other'];
  const { provider, calls } = await setUp({
    host: 'missing',
    override: (args) => {
      // somebody else's minikube replaces it just after it was journalled
      if (args.includes('--no-trunc') && interrupt.signal.aborted) return { stdout: `${ids.shift()} dev` };
      if (args[0] !== 'start') return undefined;
      interrupt.abort(new Error('interrupted'));
      return { exitCode: 2 };
    },
  });
  await expect(provider.start({ ...limits, signal: interrupt.signal })).rejects.toMatchObject({
    id: 'cluster.minikube-not-ours',
  });
  expect(changing(calls).map((line) => line.split(' ')[1])).toEqual(['start']);
});

test('an instance of an older taskgate gets the id of its container', async () => {
  const { provider, journal } = await setUp({ host: 'Running', journalled: [oldOurs] });
  await provider.start(limits);
  expect(journal).toEqual([ours]);
});

test('a start that fails has journalled the container that it made', async () => {
  const { provider, journal, state } = await setUp({
    host: 'missing',
    override: ([command]) => {
      if (command !== 'start') return undefined;
      state.containerId = containerId;
      return { exitCode: 80, stderr: 'no API server' };
    },
  });
  await expect(provider.start(limits)).rejects.toMatchObject({ id: 'cluster.minikube-guest' });
  expect(journal).toEqual([ours]);
});
