import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeEvent, isRuntimeReady, parseEvent, parseEvents } from '../../../src/cluster/minikube/events.ts';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fixtures/minikube', name), 'utf8');

test('a stream with every trap: what is no event is passed over, what is one is put into words', () => {
  const events = parseEvents(fixture('traps.txt'));
  expect(events.map(({ kind }) => kind)).toEqual([
    'step',
    'error',
    'error',
    'download.progress',
    'warning',
    'step',
    'brandnew',
    'step',
    'step',
    'step',
  ]);
  expect(events.flatMap((event) => describeEvent(event) ?? [])).toEqual([
    'minikube 0/19: Initial Minikube Setup',
    'minikube: downloading preload, 42 %',
    'minikube: Creating Container',
    'minikube 11/19: Preparing Kubernetes',
    'minikube 18/19: Enabling Addons',
    'minikube 17/19: Verifying Kubernetes',
  ]);
});

test('the runtime is ready once, when Kubernetes is prepared', () => {
  expect(parseEvents(fixture('traps.txt')).filter(isRuntimeReady)).toHaveLength(1);
});

test.each([
  '',
  'E1125 23:11:07.123456 start.go:812] api.Load failed',
  '{',
  '{}',
  '[]',
  'null',
  '{"type":3,"data":{}}',
  '{"type":"io.k8s.sigs.minikube.step"}',
  '{"type":"io.k8s.sigs.minikube.step","data":[]}',
  '{"type":"io.example.step","data":{}}',
])('%j is no event', (line) => expect(parseEvent(line)).toBeUndefined());

test('values that are no strings are left out', () => {
  const line = '{"type":"io.k8s.sigs.minikube.info","data":{"a":1,"message":"m"}}';
  expect(parseEvent(line)).toEqual({ kind: 'info', data: { message: 'm' } });
});
