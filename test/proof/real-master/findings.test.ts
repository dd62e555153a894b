import { describe, expect, test } from 'vitest';
import { findProxyTrouble, findStuckTask, findTaskEnd, judgeProxied } from '../../../src/proof/real-master/findings.ts';

const crash = 'task failed without an associated exit code: job crashed';
const adding = "adding 1 listeners to gateway: updating gateway with name 'contour': ";
const ended = (exitStatus: string, ...logs: readonly string[]) => ({ state: 'STATE_TERMINATED', exitStatus, logs });

describe('why a task ended', () => {
  test.for([
    [
      `${adding}Gateway.gateway.networking.k8s.io "contour" is invalid: [spec.listeners: Too many: 65: must have at most 64 items, <nil>: Invalid value: null]`,
      'Too many: the Gateway CRD allows at most 64 listeners, and the task needed number 65',
    ],
    // recorded with a limit of one
    [
      `${adding}Gateway.gateway.networking.k8s.io "contour" is invalid: spec.listeners: Too many: 2: must have at most 1 item`,
      'Too many: the Gateway CRD allows at most 1 listener, and the task needed number 2',
    ],
    [
      `${adding}not enough free ports in range 40000-40001`,
      'all ports in range 40000-40001 of the internal task gateway are in use',
    ],
    [`${adding}gateways.gateway.networking.k8s.io "contour" not found`, 'the master does not find Gateway contour'],
    [
      'services is forbidden: User "det-min" cannot create resource "services"',
      'the master lacks a right that it needs: services is forbidden: User "det-min" cannot create resource "services"',
    ],
    [
      'job was stuck due to unrecoverable image pull errors',
      'the image of the task cannot be pulled: unrecoverable image pull errors',
    ],
    [
      "WARNING: Requirement '/opt/determined/wheels/determined*.whl' looks like a filename, but the file does not exist",
      'the master gave the task no wheel of determined: its root has none of its version',
    ],
    [
      "/usr/bin/python3: Error while finding module specification for 'determined.exec.prep_container' (ModuleNotFoundError: No module named 'determined')",
      "the task has no package determined: its image lacks it, and it installed no wheel of the master (No module named 'determined')",
    ],
    [
      '/bin/sh: python3: not found',
      'the image of the task lacks a program that every Determined task needs: python3: not found',
    ],
  ] as const)('%s', ([log, cause]) => {
    expect(findTaskEnd(ended(crash, 'was assigned to an agent', log))).toEqual({
      cause,
      hint: expect.stringMatching(/./),
    });
  });

  test('what nobody knows is shown as it is', () => {
    expect(findTaskEnd(ended('odd', 'last words')).cause).toBe(
      'the task is STATE_TERMINATED, odd; its log ends with: last words',
    );
  });
});

test.for([
  ['STATE_QUEUED', 'has not started'],
  ['STATE_PENDING', 'has not started'],
  ['STATE_ASSIGNED', 'no pod'],
  ['STATE_PULLING', 'still being pulled'],
  ['STATE_STARTING', 'does not notice'],
  ['STATE_UNSPECIFIED', 'the task is STATE_UNSPECIFIED'],
] as const)('stuck in %s', ([state, cause]) => {
  expect(findStuckTask({ state, exitStatus: '', logs: [] }).cause).toContain(cause);
});

describe('answers through the proxy', () => {
  test.for([
    [{ status: 200, text: 'nonce\n' }, 'answered'],
    [{ status: 200, text: 'an old nonce' }, 'wrong'],
    [{ status: 404, text: '{"message":"service not found: a:8000"}' }, 'unregistered'],
    [{ status: 404, text: '<h1>the 404 of a server in the task</h1>' }, 'wrong'],
    [{ status: 502, text: '' }, 'unreachable'],
    [{ status: 401, text: '{"message":"Unauthorized"}' }, 'refused'],
    [{ status: 403, text: '' }, 'refused'],
    [{ status: 303, text: '' }, 'refused'],
    [{ status: 302, text: '' }, 'wrong'],
  ] as const)('%j is %s', ([answer, outcome]) => {
    expect(judgeProxied(answer, 'nonce', 1)).toMatchObject({ outcome });
  });

  const about = { seen: '502 ""', gatewayAddress: '10.0.0.2' };

  test('a Gateway that answers this host and not the master points at gateway_ip', () => {
    expect(findProxyTrouble('unreachable', { ...about, seenFromHere: true })?.hint).toContain(
      'is that its gateway_ip?',
    );
  });

  test('a page with the 502 is of a proxy in front of the master, whose own has no body', () => {
    const page = judgeProxied({ status: 502, text: '<html><h1>502 Bad Gateway</h1>' }, 'nonce', 1);
    if (page.outcome !== 'unreachable') throw new Error(page.outcome);
    expect(findProxyTrouble('unreachable', { ...about, seen: page.seen, seenFromHere: true })?.cause).toContain(
      'a proxy in front of the master answers in its place',
    );
  });

  test('what the objects explain better is left to them', () => {
    expect(findProxyTrouble('unreachable', { ...about, seenFromHere: false })).toBeUndefined();
    expect(findProxyTrouble('wrong', { ...about, seenFromHere: false })).toBeUndefined();
  });

  test('what only the master knows is said in any case', () => {
    expect(findProxyTrouble('unregistered', { ...about, seenFromHere: false })?.cause).toContain('has no proxy');
    expect(findProxyTrouble('refused', { ...about, seenFromHere: false })?.cause).toContain('refuses the session');
  });
});
