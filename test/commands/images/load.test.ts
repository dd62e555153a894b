import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { imagesList } from '../../../src/commands/images/list.ts';
import { imagesLoad } from '../../../src/commands/images/load.ts';
import { createInstance } from '../../../src/instance/instance.ts';
import { withInstanceLock } from '../../../src/instance/lock.ts';
import { makeUser, watchStdout } from '../../support/command-input.ts';
import { attachedInstance } from '../../support/images/attached.ts';

test.each([
  ['a file that is not there', ['./none.tar'], {}, 'usage.no-file', /there is no file \S+none\.tar/],
  ['one by its ending', ['none.tar.gz'], {}, 'usage.no-file', /none\.tar\.gz/],
  ['no name', ['My Image'], {}, 'usage.image-name', /'My Image' is no name of an image/],
  ['no name after --as', ['a.tar'], { as: 'X:' }, 'usage.image-name', /'X:' is no name/],
  ['one name for two', ['a.tar', 'b.tar'], { as: 'x:1' }, 'usage.image-name', /--as names one image/],
] as const)('%s is refused before anything is looked at', async (_, what, flags, id, message) => {
  const user = await makeUser();
  await writeFile(join(user.input().invocation.cwd, 'a.tar'), '');
  await expect(imagesLoad(user.input(), what, flags)).rejects.toMatchObject({
    id,
    message: expect.stringMatching(message),
  });
});

test('an instance that there is not', async () => {
  const user = await makeUser();
  await expect(imagesLoad(user.input(), ['a:1'], {})).rejects.toMatchObject({ id: 'environment.no-instance' });
  await expect(imagesList(user.input())).rejects.toMatchObject({ id: 'environment.no-instance' });
});

test('an instance that has only a tunnel has no nodes', async () => {
  const user = await makeUser();
  await createInstance(user.stateDir, { name: 'dev', provider: 'attach' });
  const noCluster = { id: 'environment.no-instance', message: 'instance dev has no cluster' };
  await expect(imagesLoad(user.input(), ['a:1'], {})).rejects.toMatchObject(noCluster);
  await expect(imagesList(user.input())).rejects.toMatchObject(noCluster);
});

test('into an attached cluster nothing is loaded: the command of its own tool is told, for each that was named', async () => {
  const { input, file, requests } = await attachedInstance();
  await expect(imagesLoad(input(), [file, 'me/task:1'], {})).rejects.toMatchObject({
    id: 'cluster.images-not-ours',
    message:
      'instance rack is attached to a cluster that taskgate did not make (context kind-east): it loads no images there',
    hint: `run: kind load image-archive ${file} --name east; kind load docker-image me/task:1 --name east`,
  });
  expect(requests.filter((line) => !line.startsWith('GET'))).toEqual([]);
});

test('nothing is loaded into an instance that another command changes', async () => {
  const { input, file, stateDir } = await attachedInstance();
  const { signal, env } = input().invocation;
  const place = { config: { name: 'rack' }, folders: { stateDir }, signal, env };
  const loading = () => imagesLoad(input(), [file], {});
  await expect(withInstanceLock(place, loading, () => undefined)).rejects.toMatchObject({
    id: 'environment.locked',
    message: `instance rack is being changed by process ${process.pid}`,
  });
});

test('of an attached cluster the status of its nodes is listed, and that is said', async () => {
  const { input } = await attachedInstance();
  const stdout = watchStdout();
  expect(await imagesList(input())).toBe(0);
  expect(stdout()).toContain(
    "east-control-plane, by the node's status in the API server: at most 50 images, minutes old:",
  );
  expect(stdout()).toMatch(/^ {4}2\.0 GB {2}a{12} {2}docker\.io\/me\/task:1$/m);
  expect(stdout()).toMatch(/registry\.k8s\.io\/pause:3\.10 {2}\(of taskgate\)$/m);
});
