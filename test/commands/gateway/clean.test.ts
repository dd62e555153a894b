import { expect, test } from 'vitest';
import { cleanGateway, describeCleaned, refuseLeft } from '../../../src/commands/gateway/clean.ts';
import type { KubeObject } from '../../../src/lib/kube/types.ts';
import { type FakeKubeInput, fakeKube, refusal } from '../../fakes/kube.ts';
import { finishedInstance } from '../../support/finished-instance.ts';
import { endedJob, gatewayWith, kindsOfTasks, leftOf, longAgo, place, taskOf } from '../../support/gateway/holdings.ts';
import { temporaryDir } from '../../support/temporary-dir.ts';

const a = taskOf('a', [20000]);
const b = taskOf('b', [20001]);
const dead = [gatewayWith({ 20000: 'a.1', 20001: 'b.1' }), ...leftOf(a), b.job, ...leftOf(b)];
const master = { clusterId: 'c', version: '0.38.1' };
const again = 'taskgate gateway clean --name dev --yes';

type Clean = Parameters<typeof cleanGateway>[0];

const scene = async (
  objects: readonly KubeObject[],
  { may = () => true, ...input }: FakeKubeInput & { readonly may?: (verb: string, resource: string) => boolean } = {},
) => {
  const fake = fakeKube({ objects, kinds: kindsOfTasks, ...input });
  const create = async (object: KubeObject) => {
    const { resourceAttributes } = (object as unknown as { spec: { resourceAttributes: Record<string, string> } }).spec;
    const { verb = '', resource = '' } = resourceAttributes;
    return { ...object, status: { allowed: may(verb, resource) } } as never;
  };
  const instance = await finishedInstance(await temporaryDir(), 'dev');
  const clean = (flags: Partial<Clean['flags']> = {}, more: Partial<Clean> = {}) =>
    cleanGateway({
      ...{ kube: { ...fake.kube, create }, instance, place, master: undefined, pauseMs: 5 },
      flags: { yes: false, ended: false, ...flags },
      ...more,
    });
  return { ...fake, clean };
};

test('without --yes it shows what is left and changes nothing', async () => {
  const { clean, writes } = await scene(dead);
  const cleaned = await clean();
  expect(cleaned).toMatchObject({
    ...{ gateway: 'projectcontour/contour', namespace: 'default' },
    tasks: [{ allocation: 'a.1', state: 'gone', ports: [20000], since: longAgo }],
  });
  expect(cleaned).not.toHaveProperty('freed');
  expect(writes()).toEqual([]);
  const text = describeCleaned(cleaned, again, Date.parse(longAgo));
  expect(text).toContain('listener det-20000');
  expect(text).toMatch(
    /\nNothing was changed\. To free what that task has left: taskgate gateway clean --name dev --yes$/,
  );
});

test('with --yes it frees that, and says so', async () => {
  const { clean, objects } = await scene(dead);
  const lines: string[] = [];
  const cleaned = await clean({ yes: true }, { onProgress: (line) => lines.push(line) });
  expect(lines).toEqual(['freeing what task a.1 has left']);
  expect(cleaned.freed).toMatchObject([{ allocationId: 'a.1', left: [] }]);
  expect(() => refuseLeft(cleaned)).not.toThrow();
  expect(describeCleaned(cleaned, again, 0)).toContain('freed: listener det-20000 and its annotation of a.1');
  expect(objects().filter(({ metadata }) => metadata.labels?.['determined'] === 'a.1')).toEqual([]);
  expect(objects()).toContainEqual(expect.objectContaining({ kind: 'Job' }));
  expect(await clean({ yes: true })).toMatchObject({ tasks: [], freed: [] });
});

test('nothing to free is said', async () => {
  const { clean } = await scene([gatewayWith({})]);
  expect(describeCleaned(await clean(), again, 0)).toBe(
    'Gateway projectcontour/contour and namespace default have nothing of dead tasks',
  );
});

test('where a master answers, a task whose Job has finished is left to it', async () => {
  const ended = [gatewayWith({ 20000: 'a.1' }), ...leftOf(a), endedJob(a.job, longAgo)];
  const { clean, writes } = await scene(ended);
  const cleaned = await clean({ yes: true, ended: true }, { master });
  expect(cleaned.freed).toEqual([]);
  expect(writes()).toEqual([]);
  expect(describeCleaned(cleaned, again, 0)).toContain('master 0.38.1 answers: at its next start it frees by itself');
  expect((await clean({ yes: true })).freed).toEqual([]);
  expect((await clean({ yes: true, ended: true })).freed).toMatchObject([{ left: [] }]);
});

test('rights that are missing are named all at once, before anything is read', async () => {
  const { clean, calls } = await scene(dead, {
    may: (verb, resource) => !(verb === 'delete' || (verb === 'list' && resource === 'jobs')),
  });
  await expect(clean({ yes: true })).rejects.toMatchObject({
    id: 'gateway.clean-rights',
    message:
      'you may not list jobs.batch in the whole cluster, may not delete services in namespace default, may not delete configmaps in namespace default, may not delete tcproutes.gateway.networking.k8s.io in namespace default',
    hint: expect.stringContaining('use an account that has these rights'),
  });
  expect(calls).toEqual([]);
});

const labelled = (labels: Record<string, string>): KubeObject => {
  const gateway = gatewayWith({ 20000: 'a.1' });
  return { ...gateway, metadata: { ...gateway.metadata, labels } };
};

test("another instance's Gateway is left to it; one without a label was adopted", async () => {
  const { clean, writes } = await scene([labelled({ 'taskgate.dev/instance': 'other' })]);
  await expect(clean({ yes: true })).rejects.toMatchObject({
    id: 'cluster.not-ours',
    message: 'Gateway projectcontour/contour belongs to instance other, not to this one',
    hint: 'run it there: taskgate gateway clean --name other',
  });
  expect(writes()).toEqual([]);
  const adopted = await scene([labelled({})]);
  expect((await adopted.clean({ yes: true })).freed).toMatchObject([{ left: [] }]);
});

const refuseServices = (call: string) =>
  call.startsWith('remove Service') ? refusal(403, 'Forbidden', 'services is forbidden') : undefined;

test('what cannot be freed is told, with the reason and exit code 6', async () => {
  const { clean } = await scene(dead, { refuse: refuseServices });
  const cleaned = await clean({ yes: true });
  expect(() => refuseLeft(cleaned)).toThrow(
    expect.objectContaining({
      id: 'gateway.not-freed',
      message:
        '3 objects of a dead task stay: listener det-20000, Service default/det-a1b2c3d4-cmd-a-0, ConfigMap default/det-a1b2c3d4-cmd-a of a.1: services is forbidden',
      hint: 'what else was due was freed; mend the reason and run it again',
    }),
  );
});

test('several that cannot be freed are told each with its own reason, in the text, too', async () => {
  const held = { ...a.configMap, metadata: { ...a.configMap.metadata, finalizers: ['example.com/held'] } };
  const { clean } = await scene([gatewayWith({ 20001: 'b.1' }), held, ...leftOf(b)], { refuse: refuseServices });
  const cleaned = await clean({ yes: true });
  const lines = describeCleaned(cleaned, again, 0).split('\n');
  expect(lines).toContain('freed: TCPRoute default/det-a1b2c3d4-cmd-b-0 of b.1');
  expect(lines.filter((line) => line.startsWith('stays: '))).toEqual([
    'stays: ConfigMap default/det-a1b2c3d4-cmd-a of a.1: ConfigMap default/det-a1b2c3d4-cmd-a is still there: has it a finalizer?',
    'stays: listener det-20001, Service default/det-a1b2c3d4-cmd-b-0, ConfigMap default/det-a1b2c3d4-cmd-b of b.1: services is forbidden',
  ]);
  expect(() => refuseLeft(cleaned)).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /^4 objects of 2 dead tasks stay: ConfigMap .*-a of a\.1: .*finalizer\?; listener det-20001, .* of b\.1: services is forbidden$/,
      ),
      hint: 'what else was due was freed; mend the reasons and run it again',
    }),
  );
});

test('one object stays', () => {
  const freed = [{ allocationId: 'a.1', removed: [], left: ['listener det-20000'], because: 'no right' }];
  expect(() => refuseLeft({ gateway: 'g/g', namespace: 'n', tasks: [], freed })).toThrow(
    '1 object of a dead task stays: listener det-20000 of a.1: no right',
  );
});

test('of many that cannot be freed the error names three; all are in the text', () => {
  const freed = ['a', 'b', 'c', 'd', 'e'].map((id) => ({
    ...{ allocationId: `${id}.1`, removed: [], left: [`Service n/${id}`], because: 'no right' },
  }));
  expect(() => refuseLeft({ gateway: 'g/g', namespace: 'n', tasks: [], freed })).toThrow(
    '5 objects of 5 dead tasks stay: Service n/a of a.1: no right; Service n/b of b.1: no right; Service n/c of c.1: no right; and of 2 more tasks',
  );
});
