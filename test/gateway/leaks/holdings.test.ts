import { describe, expect, test } from 'vitest';
import { describeLeft, judgeHoldings, type Snapshot } from '../../../src/gateway/leaks/holdings.ts';
import { endedJob, gatewayWith, longAgo, place, taskOf } from '../../support/gateway/holdings.ts';

const nowMs = Date.parse('2026-11-24T12:00:00Z');
const agoText = (seconds: number) => new Date(nowMs - seconds * 1_000).toISOString();

const nothing: Snapshot = { gateway: undefined, routes: [], services: [], configMaps: [], jobs: [], pods: [] };
const judge = (seen: Partial<Snapshot>) => judgeHoldings({ ...nothing, ...seen }, place, nowMs);
const statesOf = (seen: Partial<Snapshot>) => judge(seen).map(({ allocationId, state }) => [allocationId, state]);

const a = taskOf('a', [20000, 20001]);
const others = { routes: a.routes, services: a.services, configMaps: [a.configMap] };
const gateway = gatewayWith({ 20000: 'a.1', 20001: 'a.1' });

describe('a task', () => {
  test.each<readonly [string, Partial<Snapshot>, string | undefined]>([
    ['with its Job and pod lives', { ...others, gateway, jobs: [a.job], pods: [a.pod] }, 'lives'],
    ['whose Job has no pod yet lives', { ...others, gateway, jobs: [a.job] }, 'lives'],
    ['whose Job is suspended in a queue lives', { gateway, jobs: [{ ...a.job, status: {} }] }, 'lives'],
    [
      'whose Job is about to fail lives',
      {
        gateway,
        jobs: [{ ...a.job, status: { conditions: [{ type: 'FailureTarget', status: 'True' }] } }],
      },
      'lives',
    ],
    ['whose pod outlives its Job lives', { ...others, gateway, pods: [a.pod] }, 'lives'],
    ['with a pod that waits lives', { gateway, pods: [{ ...a.pod, status: { phase: 'Pending' } }] }, 'lives'],
    ['with a pod of unknown state lives', { gateway, pods: [{ ...a.pod, status: { phase: 'Unknown' } }] }, 'lives'],
    ['with a Job in another namespace lives', { gateway, jobs: [taskOf('a', [], { namespace: 'team' }).job] }, 'lives'],
    ['without Job and pod is gone', { ...others, gateway }, 'gone'],
    ['of which the listeners alone are left is gone', { gateway }, 'gone'],
    ['of which a Service alone is left is gone', { services: a.services }, 'gone'],
    [
      'whose pod has failed and has no Job is gone',
      { gateway, pods: [{ ...a.pod, status: { phase: 'Failed' } }] },
      'gone',
    ],
    ['whose Job has just failed is left to its master', { gateway, jobs: [endedJob(a.job, agoText(60))] }, 'new'],
    ['whose Job failed long ago has ended', { ...others, gateway, jobs: [endedJob(a.job, agoText(130))] }, 'ended'],
    ['whose Job is complete has ended', { gateway, jobs: [endedJob(a.job, agoText(130), 'Complete')] }, 'ended'],
    [
      'whose Job failed while a pod still runs lives',
      { gateway, jobs: [endedJob(a.job, longAgo)], pods: [a.pod] },
      'lives',
    ],
    [
      'of which the ConfigMap has just been made, before its Job, is new',
      { configMaps: [taskOf('a', [], { createdAt: agoText(30) }).configMap] },
      'new',
    ],
    [
      'whose route is in another namespace is elsewhere',
      { gateway, routes: taskOf('a', [20000], { namespace: 'team' }).routes },
      'elsewhere',
    ],
    [
      'whose route leads to another Gateway is elsewhere',
      { routes: taskOf('a', [20000], { gateway: { name: 'other', namespace: 'projectcontour' } }).routes },
      'elsewhere',
    ],
    [
      'that is a proof of taskgate is nobody’s matter',
      { gateway: gatewayWith({ 20000: 'taskgate-12ab-34.1' }) },
      undefined,
    ],
    ['whose id only begins like one counts', { gateway: gatewayWith({ 20000: 'taskgater.1' }) }, 'gone'],
  ])('%s', (_, seen, state) => {
    expect(judge(seen).map((one) => one.state)).toEqual(state === undefined ? [] : [state]);
  });
});

test('allocations are told apart, also of one task', () => {
  const again = { ...a.job, metadata: { ...a.job.metadata, labels: { determined: 'a.2' } } };
  const held = gatewayWith({ 20000: 'a.1', 20001: 'a.2', 20002: 'b.1' });
  expect(statesOf({ gateway: held, jobs: [again] })).toEqual([
    ['a.1', 'gone'],
    ['a.2', 'lives'],
    ['b.1', 'gone'],
  ]);
});

test('listeners of others are not looked at: the seed, one without annotation, one with another name', () => {
  const bare = gatewayWith({});
  const listeners = [...bare.spec.listeners, { name: 'det-20007', port: 20007 }, { name: 'web', port: 443 }];
  expect(judge({ gateway: { ...bare, spec: { listeners } } })).toEqual([]);
});

test('what is left is named, an annotation whose listener is gone by itself', () => {
  const [one] = judge({ ...others, gateway: gatewayWith({ 20000: 'a.1', 20001: 'a.1' }, [20001]) });
  expect(one?.since).toBe(longAgo);
  expect(one && describeLeft(one)).toEqual([
    'listener det-20000',
    'annotation of port 20001',
    'TCPRoute default/det-a1b2c3d4-cmd-a-0',
    'TCPRoute default/det-a1b2c3d4-cmd-a-1',
    'Service default/det-a1b2c3d4-cmd-a-0',
    'Service default/det-a1b2c3d4-cmd-a-1',
    'ConfigMap default/det-a1b2c3d4-cmd-a',
  ]);
});

test('a port that a living task’s route leads to is not held by the dead one that its annotation names', () => {
  const b = taskOf('b', [20001]);
  const [dead] = judge({ gateway, routes: b.routes, jobs: [b.job] });
  expect(dead?.ports.map(({ port }) => port)).toEqual([20000]);
});

const elsewhere = { name: 'other', namespace: 'projectcontour' };

test('the same number on another Gateway is another port: the dead one still holds its own', () => {
  const b = taskOf('b', [20001], { gateway: elsewhere });
  const [dead] = judge({ gateway, routes: b.routes, jobs: [b.job] });
  expect(dead).toMatchObject({ allocationId: 'a.1', state: 'gone' });
  expect(dead?.ports.map(({ port }) => port)).toEqual([20000, 20001]);
});

test('who holds neither a port nor an object is nobody’s problem', () => {
  const b = taskOf('b', [20000]);
  expect(statesOf({ gateway: gatewayWith({ 20000: 'a.1' }), routes: b.routes, jobs: [b.job] })).toEqual([
    ['b.1', 'lives'],
  ]);
});
