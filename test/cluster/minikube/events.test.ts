import { expect, test } from 'vitest';
import { describeEvent, isRuntimeReady, parseEvent, parseEvents } from '../../../src/cluster/minikube/events.ts';
import { recording } from '../../fakes/minikube.ts';

test('a stream with every trap: what is no event is passed over, what is one is put into words', () => {
  const events = parseEvents(recording('traps'));
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
    { name: 'minikube: preload', state: 'downloading', detail: '42 %', phase: 'working' },
    'minikube: Creating Container',
    'minikube 11/19: Preparing Kubernetes',
    'minikube 18/19: Enabling Addons',
    'minikube 17/19: Verifying Kubernetes',
  ]);
});

test('a start in the rig, stdout and stderr mixed: its steps in words', () => {
  expect(parseEvents(recording('start')).flatMap((event) => describeEvent(event) ?? [])).toEqual([
    'minikube 0/19: Initial Minikube Setup',
    'minikube 1/19: Selecting Driver',
    'minikube 3/19: Starting Node',
    'minikube 5/19: Pulling Base Image',
    'minikube 8/19: Creating Container',
    'minikube 11/19: Preparing Kubernetes',
    'minikube 12/19: Generating certificates',
    'minikube 13/19: Booting control plane',
    'minikube 14/19: Configuring RBAC rules',
    'minikube 15/19: Configuring CNI',
    'minikube 17/19: Verifying Kubernetes',
    'minikube 19/19: Done',
  ]);
});

test.each(['start', 'start-stopped', 'traps'])('the runtime is ready once, when Kubernetes is prepared: %s', (name) => {
  expect(parseEvents(recording(name)).filter(isRuntimeReady)).toHaveLength(1);
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
