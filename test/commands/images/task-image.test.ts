import { expect, test } from 'vitest';
import type { ImageStore } from '../../../src/cluster/images/store.ts';
import { taskImageNotes } from '../../../src/commands/images/task-image.ts';
import type { Instance } from '../../../src/instance/instance.ts';
import { UserError } from '../../../src/lib/errors.ts';
import { commandContext } from '../../support/context.ts';

type Given = {
  readonly name?: string;
  readonly taskImage?: string;
  readonly egress?: 'master' | 'host' | 'all';
  readonly provider?: 'native' | 'minikube' | 'attach';
  readonly has?: readonly string[] | UserError;
};

const notesOf = async ({
  name = 'dev',
  taskImage = 'me/task:1',
  egress = 'master',
  provider = 'native',
  has = [],
}: Given) => {
  const base = commandContext({ folders: { stateDir: '/nowhere', cacheDir: '/nowhere' } });
  const { config } = base;
  const context = {
    ...base,
    config: { ...config, name, native: { ...config.native, egress }, master: { ...config.master, taskImage } },
  };
  const record = () => ({ provider, cluster: { hostAddress: '10.0.0.1' } });
  const store: Pick<ImageStore, 'list'> = {
    list: async () => {
      if (has instanceof UserError) throw has;
      return has.map((one) => ({ name: one, id: 'sha256:1', bytes: 1 }));
    },
  };
  return taskImageNotes(context, { record } as unknown as Instance, () => store as ImageStore);
};

const note =
  'tasks that name no image need me/task:1 (master.taskImage), which the node does not have and cannot pull: taskgate images load me/task:1, or an archive of it';

test('a native node without the image of tasks, and without a way to its registry', async () => {
  expect(await notesOf({})).toEqual([note]);
  expect(await notesOf({ egress: 'host', has: ['docker.io/me/task:2'] })).toEqual([note]);
  expect(await notesOf({ name: 'two' })).toEqual([note.replace('load me/task:1', 'load me/task:1 --name two')]);
});

test.each<readonly [why: string, given: Given]>([
  ['the node has it, by its full name', { has: ['docker.io/me/task:1'] }],
  ['the node may reach everything', { egress: 'all' }],
  ['its registry is on this host, which the node reaches', { egress: 'host', taskImage: '10.0.0.1:5000/task:1' }],
  ['nothing is known of a Minikube cluster', { provider: 'minikube' }],
  ['nothing is known of an attached cluster', { provider: 'attach' }],
  ['the setting is no name of an image, which others say', { taskImage: 'No Name' }],
  ['the node does not tell', { has: new UserError('no answer', { id: 'cluster.containerd' }) }],
])('no note where %s', async (_, given) => {
  expect(await notesOf(given)).toEqual([]);
});

test('none without an instance', async () => {
  const context = commandContext({ folders: { stateDir: '/nowhere', cacheDir: '/nowhere' } });
  expect(await taskImageNotes(context, undefined)).toEqual([]);
});
