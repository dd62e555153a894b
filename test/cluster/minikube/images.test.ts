import { expect, test } from 'vitest';
import { changing, limits, ours, recording, setUp } from '../../fakes/minikube.ts';

const refs = ['docker.io/x/a:1', 'docker.io/x/b:1'];

test('images are loaded during the start, as soon as the runtime is ready', async () => {
  const runtime = Promise.withResolvers<void>();
  const { provider, calls, state } = await setUp({
    host: 'missing',
    override: async ([command, what]) => {
      if (command === 'start') await runtime.promise;
      if (command === 'image' && what === 'load') state.images.push(...refs);
      return undefined;
    },
  });
  const started = provider.start(limits);
  const loaded = provider.loadImages('/c/images.tar', refs, limits);
  await expect.poll(() => changing(calls).length).toBe(1);
  expect(changing(calls)[0]).toContain('minikube start');
  runtime.resolve();
  await Promise.all([started, loaded]);
  expect(changing(calls)[1]).toBe('minikube image load --profile=dev /c/images.tar');
});

test('the list of images that minikube really printed is understood', async () => {
  const { provider, calls } = await setUp({
    host: 'Running',
    override: ([command, what]) =>
      command === 'image' && what === 'ls' ? { stdout: recording('image-ls') } : undefined,
  });
  await provider.loadImages('/c/images.tar', ['registry.k8s.io/etcd:3.6.5-0', 'registry.k8s.io/pause:3.10.1'], limits);
  expect(changing(calls)).toEqual([]);
});

test('images that are there are not loaded again', async () => {
  const { provider, calls, state } = await setUp({ host: 'Running' });
  state.images.push(...refs, 'docker.io/x/c:1');
  await provider.loadImages('/c/images.tar', refs, limits);
  expect(changing(calls)).toEqual([]);
});

test('a load that minikube calls a success, and that left images out, names them', async () => {
  const { provider, state } = await setUp({ host: 'Running' });
  state.images.push('docker.io/x/a:1');
  await expect(provider.loadImages('/c/images.tar', refs, limits)).rejects.toMatchObject({
    id: 'cluster.images-missing',
    message: "Minikube's node does not list docker.io/x/b:1 after /c/images.tar was loaded",
  });
});

test('images are not loaded into a cluster that will be recreated', async () => {
  const { provider, calls, state } = await setUp({
    host: 'Running',
    spec: { recreate: true, cpus: 4 },
    journalled: [ours],
    override: ([command, what]) => {
      if (command === 'delete') state.images.splice(0);
      if (command === 'image' && what === 'load') state.images.push(...refs);
      return undefined;
    },
  });
  state.images.push(...refs);
  const loaded = provider.loadImages('/c/images.tar', refs, limits);
  await provider.start(limits);
  await loaded;
  expect(changing(calls).map((line) => line.split(' ')[1])).toEqual(['delete', 'start', 'image']);
});

test('images for a cluster that nobody starts: an end at the deadline', async () => {
  const { provider } = await setUp({ host: 'Stopped' });
  await expect(provider.loadImages('/c/images.tar', refs, { ...limits, timeoutMs: 300 })).rejects.toMatchObject({
    id: 'cluster.minikube-runtime',
  });
});
