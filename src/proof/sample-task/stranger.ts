// Tested in test/proof/closed/network-policies.test.ts
import type { Selection } from '../../lib/kube/types.ts';
import { harmlessPod, jobFrame, labelsOf, makeContainer, type PodSpec } from './manifests.ts';
import { jobDeadlineSeconds, ownerAnnotation, ownOwner } from './owner.ts';
import { podPorts, type SampleTask, sampleLabels } from './task.ts';

/** The stranger answers over HTTP, on the same port as the sample task. */
export const strangerPort = podPorts[0].podPort;

const nameOf = ({ jobName }: Pick<SampleTask, 'jobName'>): string => `${jobName}-other`;

/**
 * A Job beside the sample task, removed with it, whose pod is no task: it lacks the master's labels, so that policies for
 * tasks do not restrict it. Only those of the sample task can keep the two apart.
 */
export const makeStranger = (task: SampleTask, { image }: Pick<PodSpec, 'image'>) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    ...{ name: nameOf(task), namespace: task.namespace, labels: labelsOf(task) },
    annotations: { [ownerAnnotation]: ownOwner() },
  },
  spec: {
    ...jobFrame,
    activeDeadlineSeconds: jobDeadlineSeconds,
    template: {
      metadata: { labels: sampleLabels(task) },
      spec: { ...harmlessPod, containers: [makeContainer(image, strangerPort, 'http')] },
    },
  },
});

/** The stranger's pods, of which there is one. */
export const strangerPods = (task: Pick<SampleTask, 'namespace' | 'jobName'>): Selection => ({
  ...{ apiVersion: 'v1', kind: 'Pod', namespace: task.namespace },
  labelSelector: `job-name=${nameOf(task)}`,
});
